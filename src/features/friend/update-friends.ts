import type { z } from 'zod'
import { toSelf, toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { NO_VERSION, notifyRelation } from './notify-relation.ts'
import type { SetFriendRemarkReq, UpdateFriendsReq } from './schema.ts'
import { type FriendChanges, friendsAmong, updateFriends as updateRows } from './store/friends.ts'
import { beforeSetFriendRemark } from './webhooks.ts'

/** Changes the given fields of friends in the owner's list; users who are not friends are skipped. */
export async function updateFriends(
  ctx: CallerContext,
  { ownerUserID, friendUserIDs, isPinned, remark, ex }: z.output<typeof UpdateFriendsReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const changes: FriendChanges = {
    ...(isPinned !== null && { isPinned }),
    ...(remark !== null && { remark }),
    ...(ex !== null && { ex }),
  }
  if (Object.keys(changes).length === 0) return
  const friendIDs = (await friendsAmong(ctx.db, ownerUserID, friendUserIDs)).map(({ friend }) => friend.friendUserID)
  if (friendIDs.length === 0) return
  await updateRows(ctx.db, ownerUserID, friendIDs, changes)
  await notifyRelation(ctx, NotificationKinds.friendsInfoUpdate, toSelf(ownerUserID), {
    fromToUserID: { fromUserID: ownerUserID, toUserID: ownerUserID },
    friendIDs,
    ...NO_VERSION,
  })
}

/** The older form, for the remark of one friend. "" removes the remark. */
export async function setFriendRemark(ctx: CallerContext, req: z.output<typeof SetFriendRemarkReq>): Promise<void> {
  const { ownerUserID, friendUserID } = req
  requireSelfOrAdmin(ctx, ownerUserID)
  const [friend] = await friendsAmong(ctx.db, ownerUserID, [friendUserID])
  if (!friend) throw ImError.notFound(`${friendUserID} is not a friend of ${ownerUserID}`)
  const { remark } = await beforeSetFriendRemark(ctx, req)
  await updateRows(ctx.db, ownerUserID, [friendUserID], { remark })
  // OpenIM: the friend is notified too, but without the remark.
  await notifyRelation(ctx, NotificationKinds.friendRemarkSet, toUser(ownerUserID, friendUserID), {
    fromToUserID: { fromUserID: ownerUserID, toUserID: friendUserID },
    ...NO_VERSION,
    friendSortVersion: 0,
  })
  await sendAfterWebhook(ctx, 'afterSetFriendRemark', { ownerUserID, friendUserID, remark })
}
