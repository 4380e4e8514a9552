import type { CallerContext } from '../../../runtime/context.ts'

/**
 * Notes that the call with this operationID has sent its message. This is the REST calls' alone: a message over a
 * socket writes nothing for it. A note is one row in the caller's own object (the backend's, not the sender's), kept
 * for a day and then removed: two written rows and an object call for a message, 2.15 dollars for a million.
 */
export async function noteSent(ctx: CallerContext): Promise<void> {
  try {
    await ctx.user(ctx.caller.userID).recordRestSend(ctx.operationID)
  } catch (error) {
    // The message is sent; an error now would make the backend send it again.
    ctx.log.error('the status of a sent message could not be noted', error)
  }
}

const Status = { Unknown: 0, Sent: 2 } as const

/** What became of the caller's call with the same operationID, for 24 hours. OpenIM tells it of anybody's call. */
export async function checkMsgIsSendSuccess(ctx: CallerContext): Promise<{ status: number }> {
  const sent = await ctx.user(ctx.caller.userID).wasRestSendStored(ctx.operationID)
  return { status: sent ? Status.Sent : Status.Unknown }
}
