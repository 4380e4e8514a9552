import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { GetConversationsHasReadAndMaxSeqReq, NewestSeqReq } from '../schema.ts'

/** Answers the newest seq of each log of the user, chats and notifications. OpenIM: `minSeqs` is always null. */
export async function getNewestSeq(
  ctx: CallerContext,
  { userID }: z.output<typeof NewestSeqReq>,
): Promise<{ maxSeqs: Record<string, number>; minSeqs: null }> {
  requireSelfOrAdmin(ctx, userID)
  return { maxSeqs: await ctx.user(userID).newestSeqs(), minSeqs: null }
}

/** Answers the newest seq and the read seq of the user in each chat. An empty conversationIDs means all chats. */
export async function getConversationsHasReadAndMaxSeq(
  ctx: CallerContext,
  { userID, conversationIDs, returnPinned }: z.output<typeof GetConversationsHasReadAndMaxSeqReq>,
): Promise<{
  seqs: Record<string, { maxSeq: number; hasReadSeq: number; maxSeqTime: number }>
  pinnedConversationIDs: string[]
}> {
  requireSelfOrAdmin(ctx, userID)
  const user = ctx.user(userID)
  const views = await user.seqViews(conversationIDs.length > 0 ? conversationIDs : null)
  return {
    seqs: Object.fromEntries(
      views.map(({ conversationID, maxSeq, hasReadSeq, maxSeqTime }) => [
        conversationID,
        { maxSeq, hasReadSeq, maxSeqTime },
      ]),
    ),
    pinnedConversationIDs: returnPinned ? await user.conversationIDsHaving('pinned') : [],
  }
}
