import { AccountLevel } from '../../protocol/constants/account-level.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { findUser, insertUserIfAbsent } from './store/users.ts'
import type { UserRow } from './tables.ts'

/** @throws ImError 1004 when the user is not registered */
export async function existingUser(ctx: Context, userID: string): Promise<UserRow> {
  const row = await findUser(ctx.db, userID)
  if (!row) throw noSuchUser(userID)
  return row
}

export function noSuchUser(userID: string): ImError {
  return ImError.notFound(`no user is registered as ${JSON.stringify(userID)}`)
}

/** OpenIM registers the configured administrators when it starts. This service does so at their first use. */
export async function ensureAdmin(ctx: Context, userID: string): Promise<void> {
  const nickname = ctx.config.admins.get(userID)
  if (nickname === undefined || (await findUser(ctx.db, userID))) return
  await insertUserIfAbsent(ctx.db, {
    userID,
    nickname,
    faceURL: '',
    ex: '',
    createTime: ctx.now(),
    appMangerLevel: AccountLevel.Admin,
    globalRecvMsgOpt: ReceiveOption.Notify,
  })
}
