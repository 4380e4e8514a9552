import { SendStatus } from '../../../protocol/constants/message-status.ts'
import type { CallerContext } from '../../../runtime/context.ts'

/**
 * Records that the REST call with this operationID has sent its message. Messages over a socket record nothing. The
 * record is one row in the UserObject of the caller (the backend, not the sender), removed after a day. It costs two
 * written rows and one object call per message: 2.15 dollars a million.
 */
export async function recordSent(ctx: CallerContext): Promise<void> {
  try {
    await ctx.user(ctx.caller.userID).recordRestSend(ctx.operationID)
  } catch (error) {
    // The message is sent already: an error answer would make the backend send it again.
    ctx.log.error('recording the send status failed', error)
  }
}

/**
 * Answers whether the caller's call with the same operationID has sent its message, for 24 hours. OpenIM: calls of
 * other users are answered too.
 */
export async function checkMsgIsSendSuccess(ctx: CallerContext): Promise<{ status: number }> {
  const sent = await ctx.user(ctx.caller.userID).wasRestSendStored(ctx.operationID)
  return { status: sent ? SendStatus.Sent : SendStatus.Unknown }
}
