import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { groupAs, noSuchGroup } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { KickGroupMemberReq, QuitGroupReq } from '../change-schema.ts'
import { afterKickGroupMember, afterQuitGroup } from '../member-webhooks.ts'
import { findGroups } from '../store/groups.ts'
import { findMembers } from '../store/members.ts'
import { actorOf, groupNotice, inParts } from '../tips.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/** A member leaves; an owner hands the group over first, or dismisses it. */
export async function quitGroup(
  ctx: CallerContext,
  { groupID, userID: given }: z.output<typeof QuitGroupReq>,
): Promise<void> {
  const userID = given || ctx.caller.userID
  requireSelfOrAdmin(ctx, userID)
  const [group] = await findGroups(ctx.db, [groupID])
  if (!group) throw noSuchGroup(groupID)
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (!member) throw ImError.notFound(`${userID} is not a member of group ${groupID}`)
  if (member.member.roleLevel === GroupRole.Owner) {
    throw ImError.noPermission('an owner cannot leave the group: hand it over or dismiss it')
  }
  await changeGroup(ctx, {
    groupID,
    leave: [userID],
    roles: [{ userID, roleLevel: member.member.roleLevel }],
    notices: [groupNotice.memberQuit(groupInfo(group), groupMemberFullInfo(member), ctx.now())],
  })
  await afterQuitGroup(ctx, groupID, userID)
}

/** Puts members out: the owner anyone, an administrator of the group ordinary members. */
export async function kickMembers(
  ctx: CallerContext,
  { groupID, kickedUserIDs, reason, sendMessage }: z.output<typeof KickGroupMemberReq>,
): Promise<void> {
  const { group, member: caller } = await groupAs(ctx, groupID, 'admin')
  if (kickedUserIDs.includes(ctx.caller.userID)) throw ImError.args('nobody can put themselves out: quit the group')
  const members = await findMembers(
    ctx.db,
    kickedUserIDs.map((userID) => ({ groupID, userID })),
  )
  const found = new Set(members.map(({ member }) => member.userID))
  const missing = kickedUserIDs.find((userID) => !found.has(userID))
  if (missing !== undefined) throw ImError.userNotFound(`${missing} is not a member of group ${groupID}`)
  for (const { member } of members) {
    if (member.roleLevel === GroupRole.Owner) throw ImError.args('the owner cannot be put out')
    const equal = member.roleLevel === GroupRole.Admin && caller?.roleLevel !== GroupRole.Owner
    if (equal && !ctx.caller.isAdmin) {
      throw ImError.noPermission(`only the owner puts out an administrator, such as ${member.userID}`)
    }
  }
  const base = { group: groupInfo(group), opUser: await actorOf(ctx, groupID), operationTime: ctx.now() }
  const kicked = members.map(groupMemberFullInfo)
  // Clients take out of their lists who is named, so everybody is, in one notice or another.
  await changeGroup(ctx, {
    groupID,
    actor: caller,
    leave: kickedUserIDs,
    roles: kicked.map(({ userID, roleLevel }) => ({ userID, roleLevel })),
    notices: inParts(kicked).map((kickedUserList) => ({
      ...groupNotice.membersKicked({ ...base, kickedUserList }, sendMessage ?? undefined),
      // A thousand who are handed what is said of a thousand is more than an object can hold.
      handedTo: kickedUserList.map(({ userID }) => userID),
    })),
  })
  await afterKickGroupMember(ctx, { groupID, kickedUserIDs, reason })
}
