import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { FriendSource } from '../../protocol/constants/friend.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { changeRelation } from './change-relation.ts'
import { NO_VERSION, notifyRelation } from './notify-relation.ts'
import type { RespondFriendApplyReq } from './schema.ts'
import { type Answer, agree, type FriendRequestWithUsers, findRequest, refuse } from './store/requests.ts'
import { friendRequestInfo } from './wire.ts'

/** Agrees to a friend request, which makes the two users friends, or refuses it. */
export async function respondFriendRequest(
  ctx: CallerContext,
  { fromUserID, toUserID, handleResult, handleMsg }: z.output<typeof RespondFriendApplyReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, toUserID)
  const found = await findRequest(ctx.db, fromUserID, toUserID)
  if (!found) throw ImError.notFound(`${fromUserID} has not asked to be a friend of ${toUserID}`)
  if (found.request.handleResult !== HandleResult.Pending) throw alreadyAnswered(found, handleResult)
  const answer = { handlerUserID: toUserID, handleMsg, handleTime: ctx.now() }
  const answered = { ...found, request: { ...found.request, handleResult, ...answer } }
  if (handleResult === HandleResult.Agreed) await agreeTo(ctx, answered, answer)
  else await refuseTo(ctx, answered, answer)
}

async function agreeTo(ctx: CallerContext, answered: FriendRequestWithUsers, answer: Answer): Promise<void> {
  const { fromUserID, toUserID } = answered.request
  // OpenIM: this webhook has the keys of another one, with the user who answers as `blackUserID`.
  const fields = {
    fromUserID,
    blackUserID: toUserID,
    HandleResult: HandleResult.Agreed,
    HandleMsg: answer.handleMsg,
  }
  await callBeforeWebhook(ctx, 'beforeAddFriendAgree', fields)
  const origin = {
    createTime: answer.handleTime,
    addSource: FriendSource.Request,
    operatorUserID: ctx.caller.userID,
  }
  const hasAgreed = await changeRelation(ctx, fromUserID, toUserID, () =>
    agree(ctx.db, fromUserID, toUserID, answer, origin),
  )
  if (!hasAgreed) throw alreadyAnswered(answered, HandleResult.Agreed)
  await sendAfterWebhook(ctx, 'afterAddFriendAgree', fields)
  await notifyRelation(ctx, NotificationKinds.friendApplicationApproved, toUser(toUserID, fromUserID), {
    fromToUserID: { fromUserID, toUserID },
    handleMsg: answer.handleMsg,
    ...NO_VERSION,
    request: friendRequestInfo(answered),
  })
}

async function refuseTo(ctx: CallerContext, answered: FriendRequestWithUsers, answer: Answer): Promise<void> {
  const { fromUserID, toUserID } = answered.request
  if (!(await refuse(ctx.db, fromUserID, toUserID, answer))) throw alreadyAnswered(answered, HandleResult.Refused)
  await notifyRelation(ctx, NotificationKinds.friendApplicationRejected, toUser(toUserID, fromUserID), {
    fromToUserID: { fromUserID, toUserID },
    handleMsg: answer.handleMsg,
    request: friendRequestInfo(answered),
  })
}

/** OpenIM: the error code depends on the new answer, not on the first one. */
function alreadyAnswered({ request: { fromUserID, toUserID } }: FriendRequestWithUsers, handleResult: number): ImError {
  const why = `the request of ${fromUserID} to ${toUserID} has been answered`
  return handleResult === HandleResult.Refused ? ImError.friendRequestHandled(why) : ImError.args(why)
}
