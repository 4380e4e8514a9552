import type { z } from 'zod'
import { toSelf } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessConversation } from '../access.ts'
import type { SetUserConversationMaxSeqReq, SetUserConversationMinSeqReq } from './schema.ts'

/**
 * Raises a user's min seq: the user cannot read messages below it. It is never lowered, because messages below it may
 * be deleted already.
 * @throws ImError 1001 above the seq of the next message, 1004 when the user does not have the conversation
 */
export async function setUserConversationMinSeq(
  ctx: CallerContext,
  { conversationID, userID, minSeq }: z.output<typeof SetUserConversationMinSeqReq>,
): Promise<void> {
  const { conversation } = await accessConversation(ctx, userID, conversationID)
  const maxSeq = await conversation.maxSeq()
  if (minSeq > maxSeq + 1) throw ImError.args(`minSeq: the conversation ends with seq ${maxSeq}`)
  if (await ctx.user(userID).raiseMinSeq(conversationID, minSeq)) await notifyOwnDevices(ctx, userID, conversationID)
}

/**
 * Sets a user's max seq: the user cannot read messages above it; 0 removes the bound. A user who has left a group still
 * reads nothing after the time of leaving.
 * @throws ImError 1001 above the newest seq, 1004 when the user does not have the conversation
 */
export async function setUserConversationMaxSeq(
  ctx: CallerContext,
  { conversationID, userID, maxSeq }: z.output<typeof SetUserConversationMaxSeqReq>,
): Promise<void> {
  const { conversation } = await accessConversation(ctx, userID, conversationID)
  const newest = await conversation.maxSeq()
  if (maxSeq > newest) throw ImError.args(`maxSeq: the conversation ends with seq ${newest}`)
  if (await ctx.user(userID).setMaxSeq(conversationID, maxSeq)) await notifyOwnDevices(ctx, userID, conversationID)
}

async function notifyOwnDevices(ctx: CallerContext, userID: string, conversationID: string): Promise<void> {
  const detail = { userID, conversationIDList: [conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(userID), detail)
}
