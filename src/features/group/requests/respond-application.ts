import type { z } from 'zod'
import type { GroupNotice } from '../../../contracts/group-change.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { GroupApplicationResponseReq } from '../change-schema.ts'
import { beforeMemberJoinGroup } from '../member-webhooks.ts'
import { newcomers, newMember } from '../membership/newcomers.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import { findMembers } from '../store/members.ts'
import { answerRequest, findRequest, type GroupRequestWithBoth, HandleResult } from '../store/requests.ts'
import { actorOf, groupNotice, shownMembers, shownNewcomer } from '../tips.ts'
import { groupInfo } from '../wire.ts'
import { tellOfAnswer } from './applications.ts'

/** Who manages the group lets somebody in, or not. */
export async function respondApplication(
  ctx: CallerContext,
  { groupID, fromUserID: userID, handleResult, handledMsg }: z.output<typeof GroupApplicationResponseReq>,
): Promise<void> {
  const { group, member: actor } = await groupAs(ctx, groupID, 'admin')
  requireInUse(group)
  const asked = await findRequest(ctx.db, groupID, userID)
  if (!asked) throw ImError.notFound(`${userID} has not asked to join group ${groupID}`)
  if (asked.request.handleResult !== HandleResult.Pending) throw answeredBefore(userID)
  const answer = { userID, handleResult, handleUserID: ctx.caller.userID, handledMsg, handledTime: ctx.now() }
  const answered = { ...asked, request: { ...asked.request, ...answer } }
  if (handleResult === HandleResult.Refused) {
    if (!(await answerRequest(ctx.db, groupID, answer))) throw answeredBefore(userID)
    return tellOfAnswer(ctx, NotificationKinds.groupApplicationRejected, answered)
  }
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (member) {
    if (!(await answerRequest(ctx.db, groupID, answer))) throw answeredBefore(userID)
    return tellOfAnswer(ctx, NotificationKinds.groupApplicationAccepted, answered)
  }

  await newcomers(ctx, [userID], group.memberCount)
  const { joinSource, inviterUserID } = asked.request
  const comer = newMember(ctx, { groupID, userID, joinSource, inviterUserID })
  const join = await beforeMemberJoinGroup(ctx, group, [comer])
  const notices: GroupNotice[] = []
  for (const joining of join) notices.push(await arrival(ctx, asked, shownNewcomer(joining, asked.user)))
  try {
    await changeGroup(ctx, { groupID, actor, join, answer, notices })
  } catch (error) {
    // Whoever was let in by another answer meanwhile is refused as a member; that the answer came too late says more.
    const now = error instanceof ImError ? await findRequest(ctx.db, groupID, userID) : null
    throw now && now.request.handleResult !== HandleResult.Pending ? answeredBefore(userID) : error
  }
  await tellOfAnswer(ctx, NotificationKinds.groupApplicationAccepted, answered)
}

function answeredBefore(userID: string): ImError {
  return ImError.groupRequestHandled(`the request of ${userID} was answered before`)
}

/** Who asked for themselves has entered, who was asked for was invited. */
async function arrival(
  ctx: CallerContext,
  { request, group }: GroupRequestWithBoth,
  newcomer: GroupMemberFullInfo,
): Promise<GroupNotice> {
  const { groupID, inviterUserID } = request
  const operationTime = ctx.now()
  const shown = groupInfo(group)
  if (inviterUserID === '') {
    return groupNotice.memberEntered(ctx.caller.userID, shown, newcomer, operationTime)
  }
  const opUser = await actorOf(ctx, groupID)
  const [inviterUser] = await shownMembers(ctx, groupID, [inviterUserID])
  return groupNotice.membersInvited({
    group: shown,
    opUser,
    invitedUserList: [newcomer],
    inviterUser: inviterUser ?? opUser,
    operationTime,
  })
}
