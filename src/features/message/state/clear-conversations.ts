import type { z } from 'zod'
import { toGroup, toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { isSingleConversation } from '../../../protocol/conversation-id.ts'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { hasLeft } from '../access.ts'
import type { ClearConversationMsgReq, DeleteSyncOpt, UserClearAllMsgReq } from './schema.ts'

/** Conversations that are cleared at the same time. */
const MAX_PARALLEL = 16

/**
 * Clears conversations for the user, or with IsSyncOther for all members. IDs that the user does not have are skipped.
 */
export async function clearConversations(
  ctx: CallerContext,
  { conversationIDs, userID, deleteSyncOpt }: z.output<typeof ClearConversationMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  await clearAll(ctx, userID, conversationIDs, deleteSyncOpt)
}

/** Clears all conversations of the user. */
export async function clearAllConversations(
  ctx: CallerContext,
  { userID, deleteSyncOpt }: z.output<typeof UserClearAllMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  const { conversationIDs } = await ctx.user(userID).conversationVersion()
  await clearAll(ctx, userID, conversationIDs, deleteSyncOpt)
}

async function clearAll(
  ctx: CallerContext,
  userID: string,
  conversationIDs: readonly string[],
  option: DeleteSyncOpt,
): Promise<void> {
  const cleared: string[] = []
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, async (conversationID) => {
    if (await clearOne(ctx, userID, conversationID, option?.IsSyncOther ?? false)) cleared.push(conversationID)
  })
  if (cleared.length === 0) return
  const change = { userID, conversationIDList: cleared }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(userID), change)
  if (option?.IsSyncSelf && !option.IsSyncOther) {
    await notify(ctx, NotificationKinds.clearConversation, toSelf(userID), { userID, conversationIDs: cleared })
  }
}

async function clearOne(ctx: CallerContext, userID: string, conversationID: string, forAll: boolean): Promise<boolean> {
  const user = ctx.user(userID)
  const view = await user.logView(conversationID)
  if (!view) return false
  const conversation = ctx.conversation(view.home)
  // A user who has left the group clears it only for themselves.
  const toAll = forAll && !hasLeft(view)
  const maxSeq = toAll ? await conversation.clear() : await conversation.maxSeq()
  await user.raiseMinSeq(conversationID, maxSeq + 1)
  if (!toAll) return true
  const [row] = await user.conversations([conversationID])
  const peerUserID = row?.userID ?? userID
  if (isSingleConversation(conversationID) && peerUserID !== userID) {
    await clearForPeer(ctx, peerUserID, conversationID, maxSeq)
  }
  const route = row?.groupID ? toGroup(userID, row.groupID) : toUser(userID, peerUserID)
  const detail = { userID, conversationIDs: [conversationID] }
  await notify(ctx, NotificationKinds.clearConversation, route, detail, { home: view.home })
  return true
}

/**
 * Raises the peer's min seq: the notification of a cleared conversation is not stored, so a peer who is offline would
 * otherwise count messages as unread that no longer exist. OpenIM: members of a group count them until they open it.
 */
async function clearForPeer(ctx: Context, peerUserID: string, conversationID: string, maxSeq: number): Promise<void> {
  await ctx.user(peerUserID).raiseMinSeq(conversationID, maxSeq + 1)
  const change = { userID: peerUserID, conversationIDList: [conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(peerUserID), change)
}
