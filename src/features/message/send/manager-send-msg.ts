import type { z } from 'zod'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { messageID } from '../../../runtime/ids.ts'
import { ensureAdmin } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'
import { type ManagerSendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { accessSender } from './access-sender.ts'
import { type Content, requireContent } from './content.ts'
import { composeMessage, sendDraft } from './draft.ts'
import { noteSent } from './send-status.ts'

/**
 * The call of OpenIM's older API, above all for notifications of the app: all that one sender writes to a user gather
 * in one conversation, each under a nickname and a face of its own. Any registered user may be that sender here, as
 * that API had no notification accounts.
 */
export async function managerSendMsg(ctx: CallerContext, req: z.output<typeof ManagerSendMsgReq>): Promise<SentMsg> {
  requireContent(req, 'old')
  const sessionType = sessionTypeOf(req)
  const isChannel = sessionType === SessionType.Notification
  if (isChannel) await accessRegistered(ctx, req.sendID)
  const exempt = isChannel || (await accessSender(ctx, req.sendID, sessionType))
  const fields = { ...req, content: currentForm(req.contentType, req.content), sendTime: 0, ex: '', clientMsgID: '' }
  const msg = composeMessage(fields, ctx.now())
  const sent = await sendDraft(ctx, { msg, exempt }, { recvID: req.recvID, clientMsgID: messageID() })
  await noteSent(ctx)
  return sent
}

/** @throws ImError 1101 when nobody is registered under that ID */
async function accessRegistered(ctx: CallerContext, sendID: string): Promise<void> {
  await ensureAdmin(ctx, sendID)
  const sender = (await usersByID(ctx, [sendID])).get(sendID)
  if (!sender) throw ImError.userNotFound(`no user is registered as ${JSON.stringify(sendID)}`)
}

/** The content as today's clients read it. */
function currentForm(contentType: number, content: Content): Content {
  if (contentType === ContentType.Text) return { content: content.text }
  if (contentType !== ContentType.OANotification) return content
  // The link has two names: OpenIM's server says `url`, the models of its SDKs say `externalUrl`.
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
