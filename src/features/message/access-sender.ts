import type { Context } from '../../platform/context.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'
import { ensureAdmin, existingUser } from '../user/access.ts'
import { usersByID } from '../user/get-users-info.ts'

/** From this level on an account is the app's own: administrators, notification accounts, robots. */
const APP_LEVEL = 2

/**
 * Whether a message in this user's name is spared the checks of who may write (block list, friendship, membership).
 * What its receiver wants to get is asked in any case. Costs one read row.
 * @throws ImError 1004 an unknown sender, 1101 an unknown notification account, 1002 an account that is none
 */
export async function accessSender(ctx: Context, sendID: string, sessionType: number): Promise<boolean> {
  const isAdmin = ctx.config.admins.has(sendID)
  if (isAdmin) await ensureAdmin(ctx, sendID)
  // Who may write into a group the group knows; its own level helps an account nothing there.
  if (isAdmin || sessionType === SessionType.Group) return isAdmin
  if (sessionType === SessionType.Notification) {
    const sender = (await usersByID(ctx, [sendID])).get(sendID)
    if (!sender) throw ImError.userNotFound(`no user is registered as ${JSON.stringify(sendID)}`)
    if (sender.appMangerLevel < APP_LEVEL) throw ImError.noPermission(`${sendID} is no notification account`)
    return true
  }
  return (await existingUser(ctx, sendID)).appMangerLevel >= APP_LEVEL
}
