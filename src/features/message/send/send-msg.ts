import type { z } from 'zod'
import type { Config } from '../../../config/index.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import type { RestSendTarget } from '../../../runtime/endpoint.ts'
import { type SendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { accessSender } from './access-sender.ts'
import { requireContent } from './content.ts'
import { composeMessage, sendDraft } from './draft.ts'
import { noteSent } from './send-status.ts'
import { asksBeforeSend } from './webhooks.ts'

/**
 * Sends a message in a user's name; both sides get it as if the user had written it.
 *
 * OpenIM makes a new message of a call that is repeated, whatever its operationID: backends reuse those, so an
 * operationID does not tell a retry from the same words once more. A backend that wants to repeat a call safely gives
 * `clientMsgID`, and gets the first answer again.
 */
export async function sendMsg(ctx: CallerContext, req: z.output<typeof SendMsgReq>): Promise<SentMsg> {
  requireContent(req)
  const exempt = await accessSender(ctx, req.sendID, sessionTypeOf(req))
  const msg = composeMessage(req, ctx.now())
  const sent = await sendDraft(ctx, { msg, exempt }, { recvID: req.recvID, clientMsgID: req.clientMsgID })
  if (!sendBegun(ctx.config, req)) await noteSent(ctx)
  return sent
}

/**
 * The message that a call is about to send; null when it cannot be found by that later: it is not stored, or the app is
 * asked about it, which may make another one of it.
 */
export function sendBegun(config: Config, req: z.output<typeof SendMsgReq>): RestSendTarget | null {
  const { sendID, recvID, groupID, contentType, clientMsgID } = req
  const sessionType = sessionTypeOf(req)
  if (req.isOnlineOnly || asksBeforeSend(config, { sendID, recvID, groupID, contentType, sessionType })) return null
  return { home: conversationIDFor({ sessionType, sendID, recvID, groupID }, false), sendID, clientMsgID }
}
