import type { z } from 'zod'
import { toGroup, toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessConversation, hasLeft } from '../access.ts'
import type { DeleteMsgPhysicalBySeqReq, DeleteMsgPhysicalReq, DeleteMsgsReq } from './schema.ts'

/** Conversations whose messages are erased at the same time. */
const MAX_PARALLEL = 16

/**
 * Deletes messages for the user, or with IsSyncOther for all members. OpenIM: every member of a group may delete its
 * messages for all. Here a member deletes own messages for all; the group's owner and administrators delete any.
 */
export async function deleteMessages(
  ctx: CallerContext,
  { conversationID, userID, seqs, deleteSyncOpt }: z.output<typeof DeleteMsgsReq>,
): Promise<void> {
  const { conversation, view } = await accessConversation(ctx, userID, conversationID)
  const detail = { userID, conversationID, seqs }
  if (deleteSyncOpt?.IsSyncOther) {
    // OpenIM: no such check. A user who was removed from a group could still delete its messages.
    if (hasLeft(view)) throw ImError.noPermission(`${userID} has left the conversation ${conversationID}`)
    await conversation.erase(seqs, ctx.caller.isAdmin ? null : userID)
    const [row] = await ctx.user(userID).conversations([conversationID])
    const route = row?.groupID ? toGroup(userID, row.groupID) : toUser(userID, row?.userID ?? userID)
    await notify(ctx, NotificationKinds.deleteMsgs, route, detail, { home: view.home })
    return
  }
  await conversation.hide(userID, seqs)
  if (deleteSyncOpt?.IsSyncSelf) await notify(ctx, NotificationKinds.deleteMsgs, toSelf(userID), detail)
}

/** Erases messages for all members, without a notification to the clients. */
export async function deleteMessagesPhysically(
  ctx: CallerContext,
  { conversationID, seqs }: z.output<typeof DeleteMsgPhysicalBySeqReq>,
): Promise<void> {
  await ctx.conversation(conversationID).erase(seqs, null)
}

/**
 * Erases the messages that are older than a time. OpenIM: its call ignores the conversationIDs and confuses seconds
 * with milliseconds, so that it erases nothing. Here the call erases the old messages of the given conversations.
 */
export async function deleteOldMessagesPhysically(
  ctx: CallerContext,
  { conversationIDs, timestamp }: z.output<typeof DeleteMsgPhysicalReq>,
): Promise<void> {
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, (conversationID) =>
    ctx.conversation(conversationID).eraseBefore(timestamp),
  )
}
