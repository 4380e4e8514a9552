import type { z } from 'zod'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { DeleteConversationsReq, UpdateConversationsByUserReq } from './schema.ts'

const DAY_MS = 86_400_000
/** How many peers are told at the same time. */
const MAX_PARALLEL = 32

/** Removes conversations from the owner's list: the named ones, or those quiet for so many days. Messages stay. */
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

/** Sets `ex` on every conversation that others have with this user. */
export async function updateConversationsByUser(
  ctx: CallerContext,
  { userID, ex }: z.output<typeof UpdateConversationsByUserReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (ex === null) return
  // Who has a single chat with somebody is that one's peer: no look-up over all users is needed.
  const rows = await ctx.user(userID).conversations(null)
  const peers = new Set(rows.map((row) => row.userID).filter((id) => id !== ''))
  await inParallel([...peers], MAX_PARALLEL, (peerUserID) => ctx.user(peerUserID).setExOfPeer(userID, ex))
}
