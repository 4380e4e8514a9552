import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { changeRelation } from './change-relation.ts'
import { NO_VERSION, notifyRelation } from './notify-relation.ts'
import type { DeleteFriendReq } from './schema.ts'
import { deleteFriend as deleteRow, friendship } from './store/friends.ts'

/**
 * Removes a friend from the owner's list; the owner stays in the friend's list. The call also succeeds when the user is
 * not a friend.
 */
export async function deleteFriend(
  ctx: CallerContext,
  { ownerUserID, friendUserID }: z.output<typeof DeleteFriendReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  if (ownerUserID === friendUserID) throw ImError.args(`${ownerUserID} cannot be its own friend`)
  const { inUser1Friends } = await friendship(ctx.db, ownerUserID, friendUserID)
  // Also without an entry, so that the conversation's copy is correct after the call.
  const isDeleted = await changeRelation(
    ctx,
    ownerUserID,
    friendUserID,
    async () => inUser1Friends && deleteRow(ctx.db, ownerUserID, friendUserID),
  )
  if (isDeleted) {
    await notifyRelation(ctx, NotificationKinds.friendDeleted, toUser(ownerUserID, friendUserID), {
      fromToUserID: { fromUserID: ownerUserID, toUserID: friendUserID },
      ...NO_VERSION,
    })
  }
  // OpenIM calls this webhook after every successful call, also when the two were not friends.
  await sendAfterWebhook(ctx, 'afterDeleteFriend', { ownerUserID, friendUserID })
}
