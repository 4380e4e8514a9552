import type { z } from 'zod'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { MsgFrom } from '../../../protocol/constants/message-status.ts'
import { Platform } from '../../../protocol/constants/platform.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { messageID } from '../../../runtime/ids.ts'
import { ensureAdmin, existingUser } from '../../user/access.ts'
import { AnsweredMessage, type SendSimpleMsgReq, type SentMsg } from '../schema.ts'
import { composeMessage, sendBackendMessage } from './backend-message.ts'
import { checkSender } from './check-sender.ts'
import { recordSent } from './send-status.ts'

/**
 * Sends a bot's Markdown answer to a message that the bot got by a webhook. In a one-to-one chat the receiver of that
 * message is the sender of the answer; in a group the request's sendID is.
 */
export async function sendSimpleMsg(ctx: CallerContext, req: z.output<typeof SendSimpleMsgReq>): Promise<SentMsg> {
  const answered = answeredMessage(req.key)
  const inGroup = answered.groupID !== ''
  const sendID = inGroup ? req.sendID : answered.recvID
  if (sendID === '') throw ImError.args(inGroup ? 'sendID: it is needed in a group' : 'key: it has no recvID')
  requireSelfOrAdmin(ctx, sendID)
  await ensureAdmin(ctx, sendID)
  const sender = await existingUser(ctx, sendID)
  const sessionType = inGroup ? SessionType.Group : SessionType.Single
  const msg = composeMessage(
    {
      sendID,
      groupID: answered.groupID,
      senderNickname: sender.nickname,
      senderFaceURL: sender.faceURL,
      senderPlatformID: Platform.Admin,
      content: { content: req.content },
      contentType: ContentType.MarkdownText,
      sessionType,
      isOnlineOnly: false,
      notOfflinePush: false,
      sendTime: 0,
      offlinePushInfo: req.offlinePushInfo,
      ex: req.ex,
      clientMsgID: '',
    },
    ctx.now(),
  )
  // The answer comes from a user, not from the system.
  const message = { msg: { ...msg, msgFrom: MsgFrom.User }, exempt: await checkSender(ctx, sendID, sessionType) }
  const sent = await sendBackendMessage(ctx, message, {
    recvID: inGroup ? '' : answered.sendID,
    clientMsgID: messageID(),
  })
  await recordSent(ctx)
  return sent
}

/** @throws ImError 1001 when the key is not one that a webhook carried */
function answeredMessage(key: string): z.output<typeof AnsweredMessage> {
  // A plus sign that was not escaped in the URL arrives as a space.
  const text = Buffer.from(key.replaceAll(' ', '+'), 'base64').toString('utf8')
  const answered = AnsweredMessage.safeParse(parseJson(text))
  if (!answered.success) throw ImError.args('key: it is not the key of a message')
  if (answered.data.sendID === '') throw ImError.args('key: it has no sendID')
  return answered.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
