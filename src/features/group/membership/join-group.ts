import type { z } from 'zod'
import { JoinSource, Verification } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import { noSuchGroup, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { JoinGroupReq } from '../change-schema.ts'
import { afterJoinGroup, beforeApplyJoinGroup, beforeMemberJoinGroup } from '../member-webhooks.ts'
import { tellOfApplications } from '../requests/applications.ts'
import { findGroupsAndMember } from '../store/groups.ts'
import { newRequest, putRequests } from '../store/requests.ts'
import { groupNotice, shownNewcomer } from '../tips.ts'
import { groupInfo } from '../wire.ts'
import { newcomers, newMember } from './newcomers.ts'

/** A user comes into a group, or asks those who manage it, as the group wants it. */
export async function joinGroup(ctx: CallerContext, req: z.output<typeof JoinGroupReq>): Promise<void> {
  const { groupID } = req
  const userID = req.inviterUserID || ctx.caller.userID
  requireSelfOrAdmin(ctx, userID)
  const user = await existingUser(ctx, userID)
  const found = (await findGroupsAndMember(ctx.db, [groupID], userID)).get(groupID)
  if (!found) throw noSuchGroup(groupID)
  const { group, member } = found
  requireInUse(group)
  if (member) throw ImError.args(`${userID} is a member of group ${groupID} already`)
  await newcomers(ctx, [userID], group.memberCount)
  const { reqMessage, joinSource, ex } = req
  await beforeApplyJoinGroup(ctx, { groupID, groupType: group.groupType, applyID: userID, reqMessage, ex })

  if (group.needVerification === Verification.None) {
    const comer = newMember(ctx, { groupID, userID, joinSource: JoinSource.Direct, inviterUserID: userID })
    const join = await beforeMemberJoinGroup(ctx, group, [comer])
    await changeGroup(ctx, {
      groupID,
      join,
      notices: join.map((joining) =>
        groupNotice.memberEntered(ctx.caller.userID, groupInfo(group), shownNewcomer(joining, user), ctx.now()),
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
  const application = { request, group, user, uuid: crypto.randomUUID() }
  await tellOfApplications(ctx, [application], { applicant: user, senderUserID: ctx.caller.userID })
}
