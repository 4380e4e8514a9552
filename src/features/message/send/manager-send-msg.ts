import type { z } from 'zod'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { messageID } from '../../../runtime/ids.ts'
import { ensureAdmin } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'
import { type Content, type ManagerSendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { composeMessage, sendBackendMessage } from './backend-message.ts'
import { checkSender, noSuchSender } from './check-sender.ts'
import { requireContent } from './content.ts'
import { recordSent } from './send-status.ts'

/**
 * Sends a message by the call of OpenIM's older API, which apps use mostly for notifications. All notifications from
 * one sender to a user form one conversation; each carries its own nickname and avatar. Any registered user may be the
 * sender, because that API had no notification accounts.
 */
export async function managerSendMsg(ctx: CallerContext, req: z.output<typeof ManagerSendMsgReq>): Promise<SentMsg> {
  requireContent(req, 'old')
  const sessionType = sessionTypeOf(req)
  const isChannel = sessionType === SessionType.Notification
  await requireRegistered(ctx, req.sendID)
  const exempt = isChannel || (await checkSender(ctx, req.sendID, sessionType))
  const fields = { ...req, content: currentForm(req.contentType, req.content), sendTime: 0, ex: '', clientMsgID: '' }
  const msg = composeMessage(fields, ctx.now())
  const sent = await sendBackendMessage(ctx, { msg, exempt }, { recvID: req.recvID, clientMsgID: messageID() })
  await recordSent(ctx)
  return sent
}

/** @throws ImError 1101 when no user is registered with this ID */
async function requireRegistered(ctx: CallerContext, sendID: string): Promise<void> {
  await ensureAdmin(ctx, sendID)
  const sender = (await usersByID(ctx, [sendID])).get(sendID)
  if (!sender) throw noSuchSender(sendID)
}

/** Converts the content to the form that current clients read. */
function currentForm(contentType: number, content: Content): Content {
  if (contentType === ContentType.Text) return { content: content.text || content.content }
  if (contentType !== ContentType.OANotification) return content
  // The link has two names: `url` in OpenIM's server, `externalUrl` in the models of its SDKs.
  const url = content.url || content.externalUrl || ''
  return {
    notificationName: content.notificationName,
    notificationFaceURL: content.notificationFaceURL ?? '',
    notificationType: content.notificationType ?? 0,
    text: content.text,
    url,
    externalUrl: url,
    mixType: content.mixType ?? 0,
    pictureElem: content.pictureElem ?? undefined,
    soundElem: content.soundElem ?? undefined,
    videoElem: content.videoElem ?? undefined,
    fileElem: content.fileElem ?? undefined,
    ex: content.ex ?? '',
  }
}
