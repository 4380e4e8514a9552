import type { z } from 'zod'
import { toGroup, toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { groupIDOf, isNotificationConversation, isSingleConversation } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { groupsWithRight } from '../../group/access.ts'
import { hasLeft } from '../access.ts'
import { sendReceiptToPeer } from './mark-read.ts'
import type { ClearConversationMsgReq, DeleteSyncOpt, UserClearAllMsgReq } from './schema.ts'

/** Conversations that are cleared at the same time. */
const MAX_PARALLEL = 16

/**
 * Clears conversations for the user, or with IsSyncOther for all members. IDs that the user does not have are skipped.
 * OpenIM: every member may clear a group for all. Here its owner and administrators may.
 * @throws ImError 1002 when a plain member clears a group for all; then no conversation is cleared
 */
export async function clearConversations(
  ctx: CallerContext,
  { conversationIDs, userID, deleteSyncOpt }: z.output<typeof ClearConversationMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  const forAll = deleteSyncOpt?.IsSyncOther ? await clearableForAll(ctx, conversationIDs) : null
  if (forAll) await requireClearable(ctx, userID, conversationIDs, forAll)
  await clearAll(ctx, userID, conversationIDs, deleteSyncOpt, forAll)
}

/**
 * Clears all conversations of the user. With IsSyncOther the groups that the user may not clear for all members are
 * cleared for the user only, because the call names no group.
 */
export async function clearAllConversations(
  ctx: CallerContext,
  { userID, deleteSyncOpt }: z.output<typeof UserClearAllMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  const rows = await ctx.user(userID).conversations(null)
  const conversationIDs = rows.map((row) => row.conversationID)
  const forAll = deleteSyncOpt?.IsSyncOther ? await clearableForAll(ctx, conversationIDs) : null
  await clearAll(ctx, userID, conversationIDs, deleteSyncOpt, forAll)
}

/** The conversations that the caller may clear for all members: every chat of two users, and groups by role. */
async function clearableForAll(ctx: CallerContext, conversationIDs: readonly string[]): Promise<ReadonlySet<string>> {
  const groupIDs = conversationIDs.flatMap((conversationID) => groupIDOf(conversationID) ?? [])
  const permitted = await groupsWithRight(ctx, groupIDs, 'admin')
  return new Set(
    conversationIDs.filter((conversationID) => {
      const groupID = groupIDOf(conversationID)
      return groupID === null || permitted.has(groupID)
    }),
  )
}

/** A user who has left a group may still name it: it is cleared for that user only. */
async function requireClearable(
  ctx: CallerContext,
  userID: string,
  conversationIDs: readonly string[],
  forAll: ReadonlySet<string>,
): Promise<void> {
  const doubtful = conversationIDs.filter((conversationID) => !forAll.has(conversationID))
  await inParallel(doubtful, MAX_PARALLEL, async (conversationID) => {
    const view = await ctx.user(userID).logView(conversationID)
    if (!view || hasLeft(view)) return
    const groupID = groupIDOf(conversationID)
    throw ImError.noPermission(`${userID} is neither the owner nor an administrator of group ${groupID}`)
  })
}

/** @param forAll the conversations that are cleared for all members; null = none */
async function clearAll(
  ctx: CallerContext,
  userID: string,
  conversationIDs: readonly string[],
  option: DeleteSyncOpt,
  forAll: ReadonlySet<string> | null,
): Promise<void> {
  const cleared: string[] = []
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, async (conversationID) => {
    const isForAll = forAll?.has(conversationID) ?? false
    if (await clearOne(ctx, userID, conversationID, isForAll)) cleared.push(conversationID)
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
  const view = isNotificationConversation(conversationID) ? null : await user.logView(conversationID)
  if (!view) return false
  const conversation = ctx.conversation(view.home)
  // A user who has left the group clears it only for themselves.
  const toAll = forAll && !hasLeft(view)
  const maxSeq = toAll ? await conversation.clear() : await conversation.maxSeq()
  if (!toAll && !hasLeft(view)) await readBeforeClearing(ctx, { userID, conversationID, home: view.home, maxSeq })
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
 * Records the messages as read: their reader can never open them. Without the receipt, the sender of a one-to-one chat
 * would see them as unread forever.
 */
async function readBeforeClearing(
  ctx: Context,
  { userID, conversationID, home, maxSeq }: { userID: string; conversationID: string; home: string; maxSeq: number },
): Promise<void> {
  if (maxSeq === 0) return
  const { sessionType, newlyRead, hasReadSeq } = await ctx.conversation(home).markRead(userID, maxSeq, [])
  if (sessionType !== SessionType.Single || newlyRead.length === 0) return
  await sendReceiptToPeer(ctx, { userID, conversationID, home, seqs: newlyRead, hasReadSeq })
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
