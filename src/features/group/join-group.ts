import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import { JoinSource, Verification } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import { existingUser } from '../user/access.ts'
import { noSuchGroup, requireInUse } from './access.ts'
import { tellOfApplications } from './applications.ts'
import { changeGroup } from './change-group.ts'
import type { JoinGroupReq } from './change-schema.ts'
import { newcomers, newMember } from './newcomers.ts'
import { findGroupsAndMember } from './store/groups.ts'
import { newRequest, putRequests } from './store/requests.ts'
import { groupNotice, shownNewcomer } from './tips.ts'
import { groupInfo } from './wire.ts'

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

  if (group.needVerification === Verification.None) {
    const joining = newMember(ctx, { groupID, userID, joinSource: JoinSource.Direct, inviterUserID: userID })
    const entrant = shownNewcomer(joining, user)
    await changeGroup(ctx, {
      groupID,
      join: [joining],
      notices: [groupNotice.memberEntered(ctx.caller.userID, groupInfo(group), entrant, ctx.now())],
    })
    return
  }
  const request = newRequest({
    groupID,
    userID,
    reqMsg: req.reqMessage,
    reqTime: ctx.now(),
    joinSource: req.joinSource,
    inviterUserID: '',
    ex: req.ex,
  })
  await putRequests(ctx.db, [request])
  const application = { request, group, user, uuid: crypto.randomUUID() }
  await tellOfApplications(ctx, [application], { applicant: user, senderUserID: ctx.caller.userID })
}
