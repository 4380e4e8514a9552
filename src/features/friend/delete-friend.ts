import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { changeRelation, NO_VERSION, tell } from './announce.ts'
import type { DeleteFriendReq } from './schema.ts'
import { deleteFriend as deleteRow, friendship } from './store/friends.ts'

/** Takes a friend out of the owner's list; the owner stays in the friend's. Who is no friend is not deleted either. */
export async function deleteFriend(
  ctx: CallerContext,
  { ownerUserID, friendUserID }: z.output<typeof DeleteFriendReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const { inUser1Friends } = await friendship(ctx.db, ownerUserID, friendUserID)
  // In any case: whatever the chat holds, it is right after this.
  await changeRelation(ctx, ownerUserID, friendUserID, async () => {
    if (inUser1Friends) await deleteRow(ctx.db, ownerUserID, friendUserID)
  })
  if (inUser1Friends) {
    await tell(ctx, NotificationKinds.friendDeleted, toUser(ownerUserID, friendUserID), {
      fromToUserID: { fromUserID: ownerUserID, toUserID: friendUserID },
      ...NO_VERSION,
    })
  }
  // OpenIM tells the app of every call that succeeds, whether or not the two were friends.
  await sendAfterWebhook(ctx, 'afterDeleteFriend', { ownerUserID, friendUserID })
}
