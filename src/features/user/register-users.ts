import type { z } from 'zod'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { count } from '../../runtime/counters.ts'
import type { UserRegisterReq } from './schema.ts'
import { insertUsers, registeredAmong } from './store/users.ts'
import { afterUserRegister, beforeUserRegister } from './webhooks.ts'

/** The most UserObjects that are updated at the same time. */
const MAX_PARALLEL = 32

/** The most userIDs that an error sentence names. */
const MAX_NAMED_IDS = 10

/** Registers users; if one of the userIDs is taken, the whole call fails. */
export async function registerUsers(ctx: CallerContext, req: z.output<typeof UserRegisterReq>): Promise<void> {
  await checkUsers(ctx, req.users)
  const users = await beforeUserRegister(ctx, req.users)
  if (users !== req.users) await checkUsers(ctx, users)
  const now = ctx.now()
  const rows = users.map((user) => ({ ...user, createTime: user.createTime || now }))
  try {
    await insertUsers(ctx.db, rows)
  } catch (error) {
    // Another call may have registered one of the users since the first check.
    await checkUsers(ctx, users)
    throw error
  }
  // The UserObject decides on offline push, so it needs the receive option.
  const quiet = rows.filter(({ globalRecvMsgOpt }) => globalRecvMsgOpt !== ReceiveOption.Notify)
  await inParallel(quiet, MAX_PARALLEL, (user) => ctx.user(user.userID).setGlobalRecvMsgOpt(user.globalRecvMsgOpt))
  count('user_register_total', {}, rows.length)
  await afterUserRegister(ctx, users)
}

async function checkUsers(ctx: CallerContext, users: readonly { userID: string }[]): Promise<void> {
  const userIDs = users.map((user) => user.userID)
  if (new Set(userIDs).size < userIDs.length) throw ImError.args('the same userID is given twice')
  // A configured administrator may not have a row yet.
  const admins = userIDs.filter((userID) => ctx.config.admins.has(userID))
  const taken = [...new Set([...admins, ...(await registeredAmong(ctx.db, userIDs))])]
  if (taken.length > 0)
    throw ImError.registeredAlready(`already registered: ${taken.slice(0, MAX_NAMED_IDS).join(', ')}`)
}
