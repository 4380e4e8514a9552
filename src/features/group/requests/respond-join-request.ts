import type { z } from 'zod'
import type { GroupNotification } from '../../../contracts/group-change.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { HandleResult } from '../../../protocol/constants/handle-result.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { GroupApplicationResponseReq } from '../change-schema.ts'
import { checkNewMembers, newMember } from '../membership/new-members.ts'
import { announceAnswer, answerParties } from '../notifications/announce-join-requests.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller, shownMembers, shownNewMember } from '../notifications/shown-members.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import { findMembers } from '../store/members.ts'
import { findRequest, requestAnsweredBefore } from '../store/requests.ts'
import { type ProposedChange, submitGroupChange } from '../submit-change.ts'
import type { GroupRow, JoinRequest } from '../tables.ts'
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
  if (asked.request.handleResult !== HandleResult.Pending) throw requestAnsweredBefore(userID)
  const answer = { userID, handleResult, handleUserID: ctx.caller.userID, handledMsg, handledTime: ctx.now() }
  const answered = { ...asked, request: { ...asked.request, ...answer } }
  const proposed = { groupID, actor, answer, notices: [] }
  const parties = await answerParties(ctx, groupID)
  if (handleResult === HandleResult.Refused) {
    await submitGroupChange(ctx, proposed)
    return announceAnswer(ctx, NotificationKinds.groupApplicationRejected, answered, parties)
  }
  if (await isMember(ctx, groupID, userID)) await submitGroupChange(ctx, proposed)
  else await admit(ctx, group, asked, proposed)
  await announceAnswer(ctx, NotificationKinds.groupApplicationAccepted, answered, parties)
}

async function isMember(ctx: CallerContext, groupID: string, userID: string): Promise<boolean> {
  return (await findMembers(ctx.db, [{ groupID, userID }])).length > 0
}

/** Adds the applicant to the group. An applicant who joins through another call meanwhile only gets the answer. */
async function admit(ctx: CallerContext, group: GroupRow, asked: JoinRequest, proposed: ProposedChange): Promise<void> {
  const { groupID } = group
  const { userID, joinSource, inviterUserID } = asked.request
  await checkNewMembers(ctx, [userID], group.memberCount)
  const joining = newMember(ctx, { groupID, userID, joinSource, inviterUserID })
  const join = await beforeMemberJoinGroup(ctx, group, [joining])
  const notices: GroupNotification[] = []
  for (const one of join) notices.push(await joinNotification(ctx, asked, shownNewMember(one, asked.user)))
  try {
    await submitGroupChange(ctx, { ...proposed, join, notices })
  } catch (error) {
    if (!(error instanceof ImError) || !(await isMember(ctx, groupID, userID))) throw error
    await submitGroupChange(ctx, proposed)
  }
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
