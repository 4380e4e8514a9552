import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { findUser, insertUserIfAbsent } from './store/users.ts'
import type { UserRow } from './tables.ts'

/** OpenIM's level of the configured administrators. */
const ADMIN_LEVEL = 2

/** @throws ImError 1004 when nobody is registered under that ID */
export async function existingUser(ctx: Context, userID: string): Promise<UserRow> {
  const row = await findUser(ctx.db, userID)
  if (!row) throw noSuchUser(userID)
  return row
}

export function noSuchUser(userID: string): ImError {
  return ImError.notFound(`no user is registered as ${JSON.stringify(userID)}`)
}

/** Configured administrators are users from the start; there is no start here, so the first use registers them. */
export async function ensureAdmin(ctx: Context, userID: string): Promise<void> {
  const nickname = ctx.config.admins.get(userID)
  if (nickname === undefined || (await findUser(ctx.db, userID))) return
  await insertUserIfAbsent(ctx.db, {
    userID,
    nickname,
    faceURL: '',
    ex: '',
    createTime: ctx.now(),
    appMangerLevel: ADMIN_LEVEL,
    globalRecvMsgOpt: 0,
  })
}
