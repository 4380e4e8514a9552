import type { z } from 'zod'
import { DAY_MS } from '../../platform/durations.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { DeleteConversationsReq } from './schema.ts'

/**
 * Removes conversations from the owner's list: the given ones, or those without a message in the last `needDeleteTime`
 * days. The messages are kept.
 */
export async function deleteConversations(
  ctx: CallerContext,
  { ownerUserID, needDeleteTime, conversationIDs }: z.output<typeof DeleteConversationsReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  if (needDeleteTime > 0 === conversationIDs.length > 0) {
    throw ImError.args('give either needDeleteTime, in days, or conversationIDs')
  }
  const user = ctx.user(ownerUserID)
  if (conversationIDs.length > 0) {
    await user.deleteConversations(conversationIDs)
    return
  }
  const oldest = ctx.now() - needDeleteTime * DAY_MS
  const quiet = (await user.seqViews(null)).filter((view) => view.maxSeqTime < oldest)
  await user.deleteConversations(quiet.map((view) => view.conversationID))
}
