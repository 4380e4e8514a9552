import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { GetConversationsHasReadAndMaxSeqReq, NewestSeqReq } from '../schema.ts'

/** How far each of the user's logs reaches, chats and notifications. OpenIM never fills `minSeqs`. */
export async function getNewestSeq(
  ctx: CallerContext,
  { userID }: z.output<typeof NewestSeqReq>,
): Promise<{ maxSeqs: Record<string, number>; minSeqs: null }> {
  requireSelfOrAdmin(ctx, userID)
  return { maxSeqs: await ctx.user(userID).newestSeqs(), minSeqs: null }
}

/** Where the user stands in each chat. No conversationIDs means all. */
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
  const rows = returnPinned ? await user.conversations(null) : []
  return {
    seqs: Object.fromEntries(
      views.map(({ conversationID, maxSeq, hasReadSeq, maxSeqTime }) => [
        conversationID,
        { maxSeq, hasReadSeq, maxSeqTime },
      ]),
    ),
    pinnedConversationIDs: rows.filter((row) => row.isPinned).map((row) => row.conversationID),
  }
}
