import type { z } from 'zod'
import { JoinSource, Verification } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import { noSuchGroup, requireNotDismissed } from '../access.ts'
import type { JoinGroupReq } from '../change-schema.ts'
import { announceJoinRequests } from '../notifications/announce-join-requests.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownNewMember } from '../notifications/shown-members.ts'
import { findGroupsAndMember } from '../store/groups.ts'
import { newRequest, putRequests } from '../store/requests.ts'
import { submitGroupChange } from '../submit-change.ts'
import { afterJoinGroup, beforeApplyJoinGroup, beforeMemberJoinGroup } from '../webhooks/member-webhooks.ts'
import { groupInfo } from '../wire.ts'
import { checkNewMembers, newMember } from './new-members.ts'

/**
 * Adds the user to a group that needs no approval; for the other groups, makes a request to the owner and
 * administrators.
 */
export async function joinGroup(ctx: CallerContext, req: z.output<typeof JoinGroupReq>): Promise<void> {
  const { groupID } = req
  const userID = req.inviterUserID || ctx.caller.userID
  requireSelfOrAdmin(ctx, userID)
  const user = await existingUser(ctx, userID)
  const found = (await findGroupsAndMember(ctx.db, [groupID], userID)).get(groupID)
  if (!found) throw noSuchGroup(groupID)
  const { group, member } = found
  requireNotDismissed(group)
  if (member) throw ImError.args(`${userID} is a member of group ${groupID} already`)
  await checkNewMembers(ctx, [userID], group.memberCount)
  const { reqMessage, joinSource, ex } = req
  await beforeApplyJoinGroup(ctx, { groupID, groupType: group.groupType, applyID: userID, reqMessage, ex })

  if (group.needVerification === Verification.None) {
    const joining = newMember(ctx, { groupID, userID, joinSource: JoinSource.Direct, inviterUserID: userID })
    const join = await beforeMemberJoinGroup(ctx, group, [joining])
    await submitGroupChange(ctx, {
      groupID,
      join,
      notices: join.map((one) =>
        groupNotification.memberEntered(ctx.caller.userID, groupInfo(group), shownNewMember(one, user), ctx.now()),
      ),
    })
    await afterJoinGroup(ctx, { groupID, reqMessage, joinSource, inviterUserID: userID })
    return
  }
  const request = newRequest({
    groupID,
    userID,
    reqMsg: reqMessage,
    reqTime: ctx.now(),
    joinSource,
    inviterUserID: '',
    ex,
  })
  await putRequests(ctx.db, [request])
  const announced = { request, group, user, uuid: crypto.randomUUID() }
  await announceJoinRequests(ctx, [announced], { applicant: user, senderUserID: ctx.caller.userID })
}
