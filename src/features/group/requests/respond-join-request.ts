import type { z } from 'zod'
import type { GroupNotification } from '../../../contracts/group-change.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { HandleResult } from '../../../protocol/constants/handle-result.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { GroupApplicationResponseReq } from '../change-schema.ts'
import { checkNewMembers, newMember } from '../membership/new-members.ts'
import { announceAnswer } from '../notifications/announce-join-requests.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller, shownMembers, shownNewMember } from '../notifications/shown-members.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import { findMembers } from '../store/members.ts'
import { answerRequest, findRequest } from '../store/requests.ts'
import { submitGroupChange } from '../submit-change.ts'
import type { JoinRequest } from '../tables.ts'
import { beforeMemberJoinGroup } from '../webhooks/member-webhooks.ts'
import { groupInfo } from '../wire.ts'

/** Agrees to a request to join, which adds the applicant to the group, or refuses it. */
export async function respondJoinRequest(
  ctx: CallerContext,
  { groupID, fromUserID: userID, handleResult, handledMsg }: z.output<typeof GroupApplicationResponseReq>,
): Promise<void> {
  const { group, member: actor } = await accessGroup(ctx, groupID, 'admin')
  requireNotDismissed(group)
  const asked = await findRequest(ctx.db, groupID, userID)
  if (!asked) throw ImError.notFound(`${userID} has not asked to join group ${groupID}`)
  if (asked.request.handleResult !== HandleResult.Pending) throw answeredBefore(userID)
  const answer = { userID, handleResult, handleUserID: ctx.caller.userID, handledMsg, handledTime: ctx.now() }
  const answered = { ...asked, request: { ...asked.request, ...answer } }
  if (handleResult === HandleResult.Refused) {
    if (!(await answerRequest(ctx.db, groupID, answer))) throw answeredBefore(userID)
    return announceAnswer(ctx, NotificationKinds.groupApplicationRejected, answered)
  }
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (member) {
    if (!(await answerRequest(ctx.db, groupID, answer))) throw answeredBefore(userID)
    return announceAnswer(ctx, NotificationKinds.groupApplicationAccepted, answered)
  }

  await checkNewMembers(ctx, [userID], group.memberCount)
  const { joinSource, inviterUserID } = asked.request
  const joining = newMember(ctx, { groupID, userID, joinSource, inviterUserID })
  const join = await beforeMemberJoinGroup(ctx, group, [joining])
  const notices: GroupNotification[] = []
  for (const one of join) notices.push(await joinNotification(ctx, asked, shownNewMember(one, asked.user)))
  try {
    await submitGroupChange(ctx, { groupID, actor, join, answer, notices })
  } catch (error) {
    // After another answer added the applicant meanwhile, the change is refused because the applicant is a member. The
    // caller gets the more exact error: the request was answered before.
    const now = error instanceof ImError ? await findRequest(ctx.db, groupID, userID) : null
    throw now && now.request.handleResult !== HandleResult.Pending ? answeredBefore(userID) : error
  }
  await announceAnswer(ctx, NotificationKinds.groupApplicationAccepted, answered)
}

function answeredBefore(userID: string): ImError {
  return ImError.groupRequestHandled(`the request of ${userID} was answered before`)
}

/** A user who made the request "enters" the group; a user is "invited" when a member made the request. */
async function joinNotification(
  ctx: CallerContext,
  { request, group }: JoinRequest,
  joining: GroupMemberFullInfo,
): Promise<GroupNotification> {
  const { groupID, inviterUserID } = request
  const operationTime = ctx.now()
  const shown = groupInfo(group)
  if (inviterUserID === '') {
    return groupNotification.memberEntered(ctx.caller.userID, shown, joining, operationTime)
  }
  const opUser = await shownCaller(ctx, groupID)
  const [inviterUser] = await shownMembers(ctx, groupID, [inviterUserID])
  return groupNotification.membersInvited({
    group: shown,
    opUser,
    invitedUserList: [joining],
    inviterUser: inviterUser ?? opUser,
    operationTime,
  })
}
