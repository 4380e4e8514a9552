import type { z } from 'zod'
import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { inBatches } from '../../../platform/concurrency/batches.ts'
import { GroupRole, JoinSource, Verification } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import type { UserInfo } from '../../user/schema.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { InviteUserToGroupReq } from '../change-schema.ts'
import { announceJoinRequests } from '../notifications/announce-join-requests.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { MAX_NAMED_MEMBERS, shownCaller, shownNewMember, splitByNotification } from '../notifications/shown-members.ts'
import { findMembers } from '../store/members.ts'
import { newRequest, putRequests } from '../store/requests.ts'
import { submitGroupChange } from '../submit-change.ts'
import type { GroupAndMember, GroupRow } from '../tables.ts'
import { beforeInviteUserToGroup, beforeMemberJoinGroup } from '../webhooks/member-webhooks.ts'
import { groupInfo } from '../wire.ts'
import { checkNewMembers, newMember } from './new-members.ts'

type Invitation = z.output<typeof InviteUserToGroupReq>

/** The most requests that are announced before the reply; more go to the queue. */
const MAX_ANNOUNCED_AT_ONCE = 20

/** The most bytes of the members that one change adds: D1 takes them as one value, which has at most 2 MB. */
const MAX_CHANGE_BYTES = 1_000_000

/** The most requests that one queue job announces. */
const MAX_ANNOUNCED_PER_JOB = 100

/** Adds users to the group, or makes requests for them when the group wants every invitation approved. */
export async function inviteUsers(ctx: CallerContext, req: Invitation): Promise<void> {
  const { groupID, invitedUserIDs } = req
  const groupAndCaller = await accessGroup(ctx, groupID, 'member')
  requireNotDismissed(groupAndCaller.group)
  const users = await checkNewMembers(ctx, invitedUserIDs, groupAndCaller.group.memberCount)
  const [existing] = await findMembers(
    ctx.db,
    invitedUserIDs.map((userID) => ({ groupID, userID })),
  )
  if (existing) throw ImError.args(`${existing.member.userID} is a member of group ${groupID} already`)
  await beforeInviteUserToGroup(ctx, req)
  if (needsApproval(ctx, groupAndCaller)) await requestForEach(ctx, groupAndCaller.group, req, users)
  else await addMembers(ctx, groupAndCaller, req, users)
}

function needsApproval(ctx: CallerContext, { group, member }: GroupAndMember): boolean {
  const isManager = ctx.caller.isAdmin || (member?.roleLevel ?? 0) >= GroupRole.Admin
  return group.needVerification === Verification.All && !isManager
}

/**
 * Adds all users in one change, or in a few when their data is large. Each notification names at most
 * `MAX_NAMED_MEMBERS` of them. When the change of more users is refused because some of them joined through another call
 * meanwhile, it is repeated without these, so that the others still join.
 */
async function addMembers(
  ctx: CallerContext,
  { group, member: actor }: GroupAndMember,
  { groupID, invitedUserIDs, sendMessage }: Invitation,
  users: ReadonlyMap<string, UserInfo>,
): Promise<void> {
  const opUser = await shownCaller(ctx, groupID)
  const inviterUserID = ctx.caller.userID
  const invited = invitedUserIDs.map((userID) =>
    newMember(ctx, { groupID, userID, joinSource: JoinSource.Invitation, inviterUserID }),
  )
  const add = async (join: GroupMemberRecord[]) => {
    const base = { group: groupInfo(group), opUser, inviterUser: opUser, operationTime: ctx.now() }
    const shown = join.map((member) => shownNewMember(member, users.get(member.userID)))
    await submitGroupChange(ctx, {
      groupID,
      actor,
      join,
      notices: splitByNotification(shown).map((invitedUserList) => ({
        ...groupNotification.membersInvited({ ...base, invitedUserList }, sendMessage ?? undefined),
        // Each of them gets only the part that names them, as kicked members do.
        handedTo: invitedUserList.map(({ userID }) => userID),
      })),
    })
  }
  const members = await beforeMemberJoinGroup(ctx, group, invited)
  const bytesOf = (member: GroupMemberRecord) => Buffer.byteLength(JSON.stringify(member))
  for (const join of inBatches(members, bytesOf, { maxItems: members.length, maxBytes: MAX_CHANGE_BYTES })) {
    try {
      await add(join)
    } catch (error) {
      if (members.length <= MAX_NAMED_MEMBERS || !(error instanceof ImError)) throw error
      const joinedMeanwhile = new Set((await findMembers(ctx.db, join)).map(({ member }) => member.userID))
      if (joinedMeanwhile.size === 0) throw error
      const missing = join.filter(({ userID }) => !joinedMeanwhile.has(userID))
      if (missing.length > 0) await add(missing)
    }
  }
}

async function requestForEach(
  ctx: CallerContext,
  group: GroupRow,
  { groupID, invitedUserIDs, reason }: Invitation,
  users: ReadonlyMap<string, UserInfo>,
): Promise<void> {
  const inviter = await existingUser(ctx, ctx.caller.userID)
  const reqTime = ctx.now()
  const requests = invitedUserIDs.map((userID) => {
    const user = users.get(userID)
    if (!user) throw new Error(`checkNewMembers did not return ${userID}`)
    const request = newRequest({
      ...{ groupID, userID, reqMsg: reason, reqTime, ex: '' },
      ...{ joinSource: JoinSource.Invitation, inviterUserID: inviter.userID },
    })
    return { request, group, user, uuid: crypto.randomUUID() }
  })
  await putRequests(
    ctx.db,
    requests.map(({ request }) => request),
  )
  if (requests.length <= MAX_ANNOUNCED_AT_ONCE) {
    return announceJoinRequests(ctx, requests, { applicant: inviter, senderUserID: inviter.userID })
  }
  const asked = requests.map(({ user: { userID }, uuid }) => ({ userID, uuid }))
  const { operationID } = ctx
  for (let i = 0; i < asked.length; i += MAX_ANNOUNCED_PER_JOB) {
    const part = asked.slice(i, i + MAX_ANNOUNCED_PER_JOB)
    await ctx.enqueue({ kind: 'invitees-asked-for', operationID, groupID, inviterUserID: inviter.userID, asked: part })
  }
}
