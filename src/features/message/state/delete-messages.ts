import type { z } from 'zod'
import { toGroup, toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { conversationOf, hasLeft } from '../access.ts'
import type { DeleteMsgPhysicalBySeqReq, DeleteMsgPhysicalReq, DeleteMsgsReq } from '../read-schema.ts'

/** How many conversations are worked on at the same time. */
const MAX_PARALLEL = 16

/** Deletes messages: for the user alone, or with IsSyncOther for everybody. */
export async function deleteMessages(
  ctx: CallerContext,
  { conversationID, userID, seqs, deleteSyncOpt }: z.output<typeof DeleteMsgsReq>,
): Promise<void> {
  const { conversation, view } = await conversationOf(ctx, userID, conversationID)
  const detail = { userID, conversationID, seqs }
  if (deleteSyncOpt?.IsSyncOther) {
    // OpenIM does not look; who was put out of a group would go on emptying it.
    if (hasLeft(view)) throw ImError.noPermission(`${userID} has left the conversation ${conversationID}`)
    await conversation.erase(seqs)
    const [row] = await ctx.user(userID).conversations([conversationID])
    const route = row?.groupID ? toGroup(userID, row.groupID) : toUser(userID, row?.userID ?? userID)
    await notify(ctx, NotificationKinds.deleteMsgs, route, detail, { home: view.home })
    return
  }
  await conversation.hide(userID, seqs)
  if (deleteSyncOpt?.IsSyncSelf) await notify(ctx, NotificationKinds.deleteMsgs, toSelf(userID), detail)
}

/** An administrator erases messages for everybody, without a word to the clients. */
export async function deleteMessagesPhysically(
  ctx: CallerContext,
  { conversationID, seqs }: z.output<typeof DeleteMsgPhysicalBySeqReq>,
): Promise<void> {
  await ctx.conversation(conversationID).erase(seqs)
}

/**
 * An administrator erases what is older than a moment. OpenIM's own call ignores the conversations and mixes up seconds
 * and milliseconds, so that it erases nothing; this one does what its name says.
 */
export async function deleteOldMessagesPhysically(
  ctx: CallerContext,
  { conversationIDs, timestamp }: z.output<typeof DeleteMsgPhysicalReq>,
): Promise<void> {
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, (conversationID) =>
    ctx.conversation(conversationID).eraseBefore(timestamp),
  )
}
