import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { CancelMuteGroupMemberReq, MuteGroupMemberReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller, shownMembers } from '../notifications/shown-members.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import { submitGroupChange } from '../submit-change.ts'
import type { GroupAndMember } from '../tables.ts'
import { groupInfo } from '../wire.ts'

const MS_PER_SECOND = 1_000

/** Refuses the member's messages to the group for `mutedSeconds`. */
export async function muteMember(
  ctx: CallerContext,
  { groupID, userID, mutedSeconds }: z.output<typeof MuteGroupMemberReq>,
): Promise<void> {
  const { base, actor, target } = await findMemberToMute(ctx, groupID, userID)
  const muteEndTime = ctx.now() + mutedSeconds * MS_PER_SECOND
  const mutedUser = { ...target, muteEndTime }
  await submitGroupChange(ctx, {
    groupID,
    actor,
    update: [{ userID, set: { muteEndTime } }],
    roles: [{ userID, roleLevel: target.roleLevel }],
    notices: [groupNotification.memberMuted({ ...base, mutedUser, mutedSeconds })],
  })
}

export async function cancelMuteMember(
  ctx: CallerContext,
  { groupID, userID }: z.output<typeof CancelMuteGroupMemberReq>,
): Promise<void> {
  const { base, actor, target } = await findMemberToMute(ctx, groupID, userID)
  await submitGroupChange(ctx, {
    groupID,
    actor,
    update: [{ userID, set: { muteEndTime: 0 } }],
    roles: [{ userID, roleLevel: target.roleLevel }],
    notices: [groupNotification.memberUnmuted({ ...base, mutedUser: { ...target, muteEndTime: 0 } })],
  })
}

/**
 * Reads a member and checks that the caller may mute them. The owner may mute everyone but themselves, a group
 * administrator ordinary members, an app administrator everyone.
 */
async function findMemberToMute(ctx: CallerContext, groupID: string, userID: string) {
  const groupAndCaller = await accessGroup(ctx, groupID, 'admin')
  requireNotDismissed(groupAndCaller.group)
  const [target] = await shownMembers(ctx, groupID, [userID])
  if (!target) throw ImError.notFound(`${userID} is not a member of group ${groupID}`)
  requireMayMute(ctx, groupAndCaller, target)
  const base = {
    group: groupInfo(groupAndCaller.group),
    opUser: await shownCaller(ctx, groupID),
    operationTime: ctx.now(),
  }
  return { base, actor: groupAndCaller.member, target }
}

function requireMayMute(ctx: CallerContext, { member }: GroupAndMember, target: GroupMemberFullInfo): void {
  if (ctx.caller.isAdmin) return
  const role = member?.roleLevel ?? 0
  if (target.roleLevel === GroupRole.Owner) throw ImError.noPermission('the owner of a group cannot be muted')
  if (target.roleLevel === GroupRole.Admin && role !== GroupRole.Owner) {
    throw ImError.noPermission(`${target.userID} is an administrator: only the owner can mute administrators`)
  }
}
