import type { z } from 'zod'
import { GroupRole, GroupStatus } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { CancelMuteGroupMemberReq, MuteGroupMemberReq, MuteGroupReq } from '../change-schema.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import type { GroupAndMember } from '../store/groups.ts'
import { actorOf, groupNotice, shownMembers } from '../tips.ts'
import { groupInfo } from '../wire.ts'

/** Only the owner and administrators write from now on. */
export function muteGroup(ctx: CallerContext, { groupID }: z.output<typeof MuteGroupReq>): Promise<void> {
  return setStatus(ctx, groupID, GroupStatus.Muted)
}

export function cancelMuteGroup(ctx: CallerContext, { groupID }: z.output<typeof MuteGroupReq>): Promise<void> {
  return setStatus(ctx, groupID, GroupStatus.InUse)
}

async function setStatus(ctx: CallerContext, groupID: string, status: number): Promise<void> {
  const { group, member: actor } = await groupAs(ctx, groupID, 'admin')
  // OpenIM does not look, and so brings a dismissed group back to life.
  requireInUse(group)
  const base = {
    group: { ...groupInfo(group), status },
    opUser: await actorOf(ctx, groupID),
    operationTime: ctx.now(),
  }
  const notice = status === GroupStatus.Muted ? groupNotice.muted(base) : groupNotice.unmuted(base)
  await changeGroup(ctx, { groupID, actor, set: { status }, notices: [notice] })
}

const MS_PER_SECOND = 1_000

/** A member does not write for a time. */
export async function muteMember(
  ctx: CallerContext,
  { groupID, userID, mutedSeconds }: z.output<typeof MuteGroupMemberReq>,
): Promise<void> {
  const { base, actor, target } = await findMemberToMute(ctx, groupID, userID)
  const muteEndTime = ctx.now() + mutedSeconds * MS_PER_SECOND
  const mutedUser = { ...target, muteEndTime }
  await changeGroup(ctx, {
    groupID,
    actor,
    update: [{ userID, set: { muteEndTime } }],
    roles: [{ userID, roleLevel: target.roleLevel }],
    notices: [groupNotice.memberMuted({ ...base, mutedUser, mutedSeconds })],
  })
}

export async function cancelMuteMember(
  ctx: CallerContext,
  { groupID, userID }: z.output<typeof CancelMuteGroupMemberReq>,
): Promise<void> {
  const { base, actor, target } = await findMemberToMute(ctx, groupID, userID)
  await changeGroup(ctx, {
    groupID,
    actor,
    update: [{ userID, set: { muteEndTime: 0 } }],
    roles: [{ userID, roleLevel: target.roleLevel }],
    notices: [groupNotice.memberUnmuted({ ...base, mutedUser: { ...target, muteEndTime: 0 } })],
  })
}

/** A member whom the caller may mute: the owner anyone but themselves, an administrator of the group ordinary members. */
async function findMemberToMute(ctx: CallerContext, groupID: string, userID: string) {
  const place = await groupAs(ctx, groupID, 'admin')
  requireInUse(place.group)
  const [target] = await shownMembers(ctx, groupID, [userID])
  if (!target) throw ImError.notFound(`${userID} is not a member of group ${groupID}`)
  requireHigher(ctx, place, target)
  const base = { group: groupInfo(place.group), opUser: await actorOf(ctx, groupID), operationTime: ctx.now() }
  return { base, actor: place.member, target }
}

function requireHigher(ctx: CallerContext, { member }: GroupAndMember, target: GroupMemberFullInfo): void {
  if (ctx.caller.isAdmin) return
  const role = member?.roleLevel ?? 0
  if (target.roleLevel === GroupRole.Owner) throw ImError.noPermission('the owner cannot be muted')
  if (target.roleLevel === GroupRole.Admin && role !== GroupRole.Owner) {
    throw ImError.noPermission(`only the owner mutes an administrator, such as ${target.userID}`)
  }
}
