import type { z } from 'zod'
import type { CallerContext } from '../../platform/context.ts'
import { messageID } from '../../platform/ids.ts'
import { accessSender } from './access-sender.ts'
import { requireContent } from './content.ts'
import { composeMessage, sendDraft } from './draft.ts'
import { type SendMsgReq, type SentMsg, sessionTypeOf } from './schema.ts'
import { noteSent } from './send-status.ts'

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
  const sent = await sendDraft(
    ctx,
    { msg, exempt },
    { recvID: req.recvID, clientMsgID: req.clientMsgID || messageID() },
  )
  await noteSent(ctx)
  return sent
}
