import type { z } from 'zod'
import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { GroupRole, JoinSource, Verification } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import type { UserInfo } from '../../user/schema.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { InviteUserToGroupReq } from '../change-schema.ts'
import { beforeInviteUserToGroup, beforeMemberJoinGroup } from '../member-webhooks.ts'
import { tellOfApplications } from '../requests/applications.ts'
import type { GroupAndMember } from '../store/groups.ts'
import { findMembers } from '../store/members.ts'
import { HandleResult, newRequest, putRequests, requestsTo } from '../store/requests.ts'
import type { GroupRow } from '../tables.ts'
import { actorOf, groupNotice, MAX_NAMED, shownNewcomer } from '../tips.ts'
import { groupInfo } from '../wire.ts'
import { newcomers, newMember } from './newcomers.ts'

type Invitation = z.output<typeof InviteUserToGroupReq>

/** So many requests are announced before the call is answered. */
const MAX_AT_ONCE = 20

/** So many more are announced by one job of the queue. */
const MAX_IN_JOB = 100

/** A member brings users in, or asks for it where the group wants to be asked. */
export async function inviteUsers(ctx: CallerContext, req: Invitation): Promise<void> {
  const { groupID, invitedUserIDs } = req
  const place = await groupAs(ctx, groupID, 'member')
  requireInUse(place.group)
  const users = await newcomers(ctx, invitedUserIDs, place.group.memberCount)
  const [there] = await findMembers(
    ctx.db,
    invitedUserIDs.map((userID) => ({ groupID, userID })),
  )
  if (there) throw ImError.args(`${there.member.userID} is a member of group ${groupID} already`)
  await beforeInviteUserToGroup(ctx, req)
  if (mustAsk(ctx, place)) await askForEach(ctx, place.group, req, users)
  else await bringIn(ctx, place, req, users)
}

function mustAsk(ctx: CallerContext, { group, member }: GroupAndMember): boolean {
  const manages = ctx.caller.isAdmin || (member?.roleLevel ?? 0) >= GroupRole.Admin
  return group.needVerification === Verification.All && !manages
}

/**
 * One notice names a limited number of newcomers, so many are taken in by as many steps. Whoever comes in by another
 * call after the first step is passed over: the others are not to be left outside for that.
 */
async function bringIn(
  ctx: CallerContext,
  { group, member: actor }: GroupAndMember,
  { groupID, invitedUserIDs, sendMessage }: Invitation,
  users: ReadonlyMap<string, UserInfo>,
): Promise<void> {
  const opUser = await actorOf(ctx, groupID)
  const inviterUserID = ctx.caller.userID
  const comers = invitedUserIDs.map((userID) =>
    newMember(ctx, { groupID, userID, joinSource: JoinSource.Invitation, inviterUserID }),
  )
  const bring = async (join: GroupMemberRecord[]) => {
    const invitedUserList = join.map((member) => shownNewcomer(member, users.get(member.userID)))
    const detail = { group: groupInfo(group), opUser, invitedUserList, inviterUser: opUser, operationTime: ctx.now() }
    await changeGroup(ctx, {
      groupID,
      actor,
      join,
      notices: [groupNotice.membersInvited(detail, sendMessage ?? undefined)],
    })
  }
  const members = await beforeMemberJoinGroup(ctx, group, comers)
  for (let i = 0; i < members.length; i += MAX_NAMED) {
    const join = members.slice(i, i + MAX_NAMED)
    try {
      await bring(join)
    } catch (error) {
      if (i === 0 || !(error instanceof ImError)) throw error
      const there = new Set((await findMembers(ctx.db, join)).map(({ member }) => member.userID))
      if (there.size === 0) throw error
      const missing = join.filter(({ userID }) => !there.has(userID))
      if (missing.length > 0) await bring(missing)
    }
  }
}

async function askForEach(
  ctx: CallerContext,
  group: GroupRow,
  { groupID, invitedUserIDs, reason }: Invitation,
  users: ReadonlyMap<string, UserInfo>,
): Promise<void> {
  const inviter = await existingUser(ctx, ctx.caller.userID)
  const reqTime = ctx.now()
  const applications = invitedUserIDs.map((userID) => {
    const user = users.get(userID)
    if (!user) throw new Error(`${userID} was looked up before`)
    const request = newRequest({
      ...{ groupID, userID, reqMsg: reason, reqTime, ex: '' },
      ...{ joinSource: JoinSource.Invitation, inviterUserID: inviter.userID },
    })
    return { request, group, user, uuid: crypto.randomUUID() }
  })
  await putRequests(
    ctx.db,
    applications.map(({ request }) => request),
  )
  if (applications.length <= MAX_AT_ONCE) {
    return tellOfApplications(ctx, applications, { applicant: inviter, senderUserID: inviter.userID })
  }
  const asked = applications.map(({ user: { userID }, uuid }) => ({ userID, uuid }))
  const { operationID } = ctx
  for (let i = 0; i < asked.length; i += MAX_IN_JOB) {
    const part = asked.slice(i, i + MAX_IN_JOB)
    await ctx.enqueue({ kind: 'invitees-asked-for', operationID, groupID, inviterUserID: inviter.userID, asked: part })
  }
}

/** Many users whom a member asks to let in, each with the uuid by which clients know a repeated event. */
interface AskedFor {
  groupID: string
  inviterUserID: string
  asked: readonly { userID: string; uuid: string }[]
}

/** Announces what many were asked for, except what was answered or made anew by somebody else meanwhile. */
export async function announceInvitees(ctx: Context, { groupID, inviterUserID, asked }: AskedFor): Promise<void> {
  const inviter = await existingUser(ctx, inviterUserID)
  const userIDs = asked.map(({ userID }) => userID)
  const requests = new Map((await requestsTo(ctx.db, groupID, userIDs)).map((row) => [row.request.userID, row]))
  const applications = asked.flatMap(({ userID, uuid }) => {
    const found = requests.get(userID)
    const stands = found?.request.handleResult === HandleResult.Pending && found.request.inviterUserID === inviterUserID
    return stands ? [{ ...found, uuid }] : []
  })
  await tellOfApplications(ctx, applications, { applicant: inviter, senderUserID: inviterUserID })
}
