import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { ensureAdmin } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'

/** From this level on an account is the app's own: administrators, notification accounts, robots. */
const APP_LEVEL = 2

/**
 * Whether a message in this user's name is spared the checks of who may write (block list, friendship, membership).
 * What its receiver wants to get is asked in any case.
 * @throws ImError 1101 an unknown notification account, 1002 an account that is none
 */
export async function accessSender(ctx: Context, sendID: string, sessionType: number): Promise<boolean> {
  const isAdmin = ctx.config.admins.has(sendID)
  if (isAdmin) await ensureAdmin(ctx, sendID)
  // A conversation knows its members and their levels by itself; whether an account may have a channel is asked here.
  if (isAdmin || sessionType !== SessionType.Notification) return isAdmin
  const sender = (await usersByID(ctx, [sendID])).get(sendID)
  if (!sender) throw ImError.userNotFound(`no user is registered as ${JSON.stringify(sendID)}`)
  if (sender.appMangerLevel < APP_LEVEL) throw ImError.noPermission(`${sendID} is no notification account`)
  return true
}
