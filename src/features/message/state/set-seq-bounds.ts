import type { z } from 'zod'
import { toSelf } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { conversationOf } from '../access.ts'
import type { SetUserConversationMaxSeqReq, SetUserConversationMinSeqReq } from '../read-schema.ts'

/**
 * A user no longer reads what is below a seq. The bound never goes back, as what is below it may be gone.
 * @throws ImError 1001 beyond the next message, 1004 when the user has no such conversation
 */
export async function setUserConversationMinSeq(
  ctx: CallerContext,
  { conversationID, userID, minSeq }: z.output<typeof SetUserConversationMinSeqReq>,
): Promise<void> {
  const { conversation } = await conversationOf(ctx, userID, conversationID)
  const maxSeq = await conversation.maxSeq()
  if (minSeq > maxSeq + 1) throw ImError.args(`minSeq: the conversation ends with seq ${maxSeq}`)
  if (await ctx.user(userID).raiseMinSeq(conversationID, minSeq)) await tellDevices(ctx, userID, conversationID)
}

/**
 * A user reads a conversation no further than a seq; 0 takes the bound away. What a group lets those read who have left
 * it is not widened by that.
 * @throws ImError 1001 beyond the newest message, 1004 when the user has no such conversation
 */
export async function setUserConversationMaxSeq(
  ctx: CallerContext,
  { conversationID, userID, maxSeq }: z.output<typeof SetUserConversationMaxSeqReq>,
): Promise<void> {
  const { conversation } = await conversationOf(ctx, userID, conversationID)
  const newest = await conversation.maxSeq()
  if (maxSeq > newest) throw ImError.args(`maxSeq: the conversation ends with seq ${newest}`)
  if (await ctx.user(userID).setMaxSeq(conversationID, maxSeq)) await tellDevices(ctx, userID, conversationID)
}

async function tellDevices(ctx: CallerContext, userID: string, conversationID: string): Promise<void> {
  const detail = { userID, conversationIDList: [conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(userID), detail)
}
