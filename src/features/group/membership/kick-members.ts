import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { KickGroupMemberReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller, splitByNotification } from '../notifications/shown-members.ts'
import { findMembers } from '../store/members.ts'
import { submitGroupChange } from '../submit-change.ts'
import type { GroupAndMember, GroupMemberRow } from '../tables.ts'
import { afterKickGroupMember } from '../webhooks/member-webhooks.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/**
 * Removes members. The owner and app administrators may kick everyone but the owner; a group administrator may kick
 * ordinary members.
 */
export async function kickMembers(
  ctx: CallerContext,
  { groupID, kickedUserIDs, reason, sendMessage }: z.output<typeof KickGroupMemberReq>,
): Promise<void> {
  const groupAndCaller = await accessGroup(ctx, groupID, 'admin')
  requireNotDismissed(groupAndCaller.group)
  if (kickedUserIDs.includes(ctx.caller.userID)) {
    throw ImError.args('members cannot kick themselves: use /group/quit_group')
  }
  const members = await findMembers(
    ctx.db,
    kickedUserIDs.map((userID) => ({ groupID, userID })),
  )
  const found = new Set(members.map(({ member }) => member.userID))
  const missing = kickedUserIDs.find((userID) => !found.has(userID))
  if (missing !== undefined) throw ImError.userNotFound(`${missing} is not a member of group ${groupID}`)
  for (const { member } of members) requireMayKick(ctx, groupAndCaller, member)
  const base = {
    group: groupInfo(groupAndCaller.group),
    opUser: await shownCaller(ctx, groupID),
    operationTime: ctx.now(),
  }
  const kicked = members.map(groupMemberFullInfo)
  // Clients remove the named members from their lists, so each kicked member is named in one of the notifications.
  await submitGroupChange(ctx, {
    groupID,
    actor: groupAndCaller.member,
    leave: kickedUserIDs,
    roles: kicked.map(({ userID, roleLevel }) => ({ userID, roleLevel })),
    notices: splitByNotification(kicked).map((kickedUserList) => ({
      ...groupNotification.membersKicked({ ...base, kickedUserList }, sendMessage ?? undefined),
      // Each kicked member gets only the part that names them: 1,000 members times all parts do not fit into an object.
      handedTo: kickedUserList.map(({ userID }) => userID),
    })),
  })
  await afterKickGroupMember(ctx, { groupID, kickedUserIDs, reason })
}

function requireMayKick(ctx: CallerContext, { member: caller }: GroupAndMember, target: GroupMemberRow): void {
  if (target.roleLevel === GroupRole.Owner) throw ImError.args('the owner of a group cannot be kicked')
  if (ctx.caller.isAdmin || target.roleLevel !== GroupRole.Admin || caller?.roleLevel === GroupRole.Owner) return
  throw ImError.noPermission(`${target.userID} is an administrator: only the owner can kick administrators`)
}
