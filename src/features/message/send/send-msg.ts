import type { z } from 'zod'
import type { Config } from '../../../config/index.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import type { RestSendTarget } from '../../../runtime/endpoint.ts'
import { type SendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { composeMessage, sendBackendMessage } from './backend-message.ts'
import { checkSender } from './check-sender.ts'
import { requireContent } from './content.ts'
import { recordSent } from './send-status.ts'
import { hasBeforeSendWebhook } from './webhooks.ts'

/**
 * Sends a message in a user's name; both sides get it as if the user had written it.
 *
 * OpenIM: a repeated call sends a new message, whatever its operationID. Backends reuse operationIDs, so an operationID
 * does not identify a retry. A backend that retries a call sends the same `clientMsgID` and gets the first answer.
 */
export async function sendMsg(ctx: CallerContext, req: z.output<typeof SendMsgReq>): Promise<SentMsg> {
  requireContent(req)
  const exempt = await checkSender(ctx, req.sendID, sessionTypeOf(req))
  const msg = composeMessage(req, ctx.now())
  const sent = await sendBackendMessage(ctx, { msg, exempt }, { recvID: req.recvID, clientMsgID: req.clientMsgID })
  if (!restSendTarget(ctx.config, req)) await recordSent(ctx)
  return sent
}

/**
 * Identifies the message that a call is about to send, so that its send status can be found later. Null when the
 * message is not stored, or when a before-webhook may change it.
 */
export function restSendTarget(config: Config, req: z.output<typeof SendMsgReq>): RestSendTarget | null {
  const { sendID, recvID, groupID, contentType, clientMsgID } = req
  const sessionType = sessionTypeOf(req)
  if (req.isOnlineOnly || hasBeforeSendWebhook(config, { sendID, recvID, groupID, contentType, sessionType }))
    return null
  return { home: conversationIDFor({ sessionType, sendID, recvID, groupID }, false), sendID, clientMsgID }
}
