import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import type { UserInfo } from '../user/schema.ts'
import { existingUsers } from './access.ts'
import { notifyRelation } from './notify-relation.ts'
import type { ApplyToAddFriendReq } from './schema.ts'
import { putRequest } from './store/requests.ts'
import { friendRequestInfo } from './wire.ts'

/**
 * Makes a friend request. A repeated request replaces the first. A user may also ask again after only the other side
 * deleted the friendship.
 */
export async function addFriend(
  ctx: CallerContext,
  { fromUserID, toUserID, reqMsg, ex }: z.output<typeof ApplyToAddFriendReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, fromUserID)
  if (fromUserID === toUserID) throw ImError.cannotAddYourself(`${fromUserID} cannot add itself as a friend`)
  await callBeforeWebhook(ctx, 'beforeAddFriend', { fromUserID, toUserID, reqMsg, ex })
  const users = await existingUsers(ctx, [fromUserID, toUserID])
  const request = {
    fromUserID,
    toUserID,
    handleResult: HandleResult.Pending,
    reqMsg,
    createTime: ctx.now(),
    handlerUserID: '',
    handleMsg: '',
    handleTime: 0,
    ex,
  }
  if (!(await putRequest(ctx.db, request))) throw ImError.alreadyFriends(`${fromUserID} and ${toUserID} are friends`)
  // Without the request, the wasm SDK stops handling notifications.
  await notifyRelation(ctx, NotificationKinds.friendApplication, toUser(fromUserID, toUserID), {
    fromToUserID: { fromUserID, toUserID },
    request: friendRequestInfo({
      request,
      from: users.get(fromUserID) as UserInfo,
      to: users.get(toUserID) as UserInfo,
    }),
  })
  await sendAfterWebhook(ctx, 'afterAddFriend', { fromUserID, toUserID, reqMsg })
}
