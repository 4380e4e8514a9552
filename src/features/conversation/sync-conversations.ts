import type { z } from 'zod'
import type { ConversationRow } from '../../contracts/user.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { fullIDsAnswer, type IncrementalAnswer, incrementalAnswer } from '../../sync/answers.ts'
import type { GetFullConversationIDsReq, GetIncrementalConversationsReq } from './schema.ts'

/** Returns the changes in the owner's conversations since the client's version. */
export async function getIncrementalConversations(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalConversationsReq>,
): Promise<IncrementalAnswer<ConversationRow>> {
  requireSelfOrAdmin(ctx, userID)
  const { delta, rows } = await ctx.user(userID).conversationDelta(versionID, version)
  return incrementalAnswer(delta, new Map(rows.map((row) => [row.conversationID, row])))
}

/** Returns the IDs of all conversations in row order, unless the client's hash shows that it has them already. */
export async function getFullConversationIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullConversationIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; conversationIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const { conversationIDs, ...head } = await ctx.user(req.userID).conversationVersion()
  const { ids, ...answer } = fullIDsAnswer(head, conversationIDs, req.idHash)
  return { ...answer, conversationIDs: ids }
}
