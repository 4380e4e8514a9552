import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { ensureAdmin } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'

/** From this level on an account belongs to the app: an administrator, a notification account or a bot. */
const APP_LEVEL = 2

/**
 * Checks that a backend may send in this user's name.
 * @returns whether the message is exempt from the conversation's write checks (block list, friendship, membership). The
 *   receiver's own receive option applies in any case.
 * @throws ImError 1101 when the notification account is not registered, 1002 when the account is not a notification
 *   account
 */
export async function checkSender(ctx: Context, sendID: string, sessionType: number): Promise<boolean> {
  const isAdmin = ctx.config.admins.has(sendID)
  if (isAdmin) await ensureAdmin(ctx, sendID)
  // In chats and groups the conversation object checks the sender. Only a notification conversation needs this check.
  if (isAdmin || sessionType !== SessionType.Notification) return isAdmin
  const sender = (await usersByID(ctx, [sendID])).get(sendID)
  if (!sender) throw noSuchSender(sendID)
  if (sender.appMangerLevel < APP_LEVEL) throw ImError.noPermission(`${sendID} is not ${ACCOUNT_NEEDED}`)
  return true
}

/** The error of a sender who is not registered. It says how to make the account, which guides to OpenIM take for granted. */
export function noSuchSender(sendID: string): ImError {
  return ImError.userNotFound(
    `no user is registered as ${JSON.stringify(sendID)}. To send, use a registered user, or ${ACCOUNT_NEEDED}`,
  )
}

const ACCOUNT_NEEDED =
  'a notification account: /user/add_notification_account makes one, with userID, nickName and appMangerLevel 3'
