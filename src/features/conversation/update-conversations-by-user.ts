import type { z } from 'zod'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { UpdateConversationsByUserReq } from './schema.ts'

/** The most UserObjects that are updated at the same time. */
const MAX_PARALLEL = 32

/** Sets `ex` on every one-to-one conversation that other users have with this user. */
export async function updateConversationsByUser(
  ctx: CallerContext,
  { userID, ex }: z.output<typeof UpdateConversationsByUserReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (ex === null) return
  // A user who has a one-to-one conversation with this user is in this user's list too, so all of them are found there.
  const peers = await ctx.user(userID).conversationPeers()
  await inParallel(peers, MAX_PARALLEL, (peerUserID) => ctx.user(peerUserID).setExOfPeer(userID, ex))
}
