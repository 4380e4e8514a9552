import { GroupRole, GroupStatus } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { findGroupsAndMember, type GroupAndMember } from './store/groups.ts'
import type { GroupRow } from './tables.ts'

/** What somebody must be in a group: any member, its owner or an administrator of it, its owner. */
export type GroupRight = 'member' | 'admin' | 'owner'

const LEAST_ROLE = { member: GroupRole.Member, admin: GroupRole.Admin, owner: GroupRole.Owner }

/**
 * A group that the caller may touch, dismissed or not, and the caller's own place in it: null for an administrator of
 * the app, who is allowed everywhere, where that is no member.
 * @throws ImError 1004 when there is no such group, 1002 when the caller is not what is asked for
 */
export async function groupAs(ctx: CallerContext, groupID: string, right: GroupRight): Promise<GroupAndMember> {
  const [found] = await groupsAs(ctx, [groupID], right)
  if (!found) throw noSuchGroup(groupID)
  return found
}

/**
 * Several groups that the caller may touch, as `groupAs`, in the order asked for.
 * @param missing the error for a group that does not exist
 */
export async function groupsAs(
  ctx: CallerContext,
  groupIDs: readonly string[],
  right: GroupRight,
  missing: (groupID: string) => ImError = noSuchGroup,
): Promise<GroupAndMember[]> {
  const found = await findGroupsAndMember(ctx.db, groupIDs, ctx.caller.userID)
  return groupIDs.map((groupID) => {
    const one = found.get(groupID)
    if (!one) throw missing(groupID)
    requireRight(ctx, one, right)
    return one
  })
}

export function noSuchGroup(groupID: string): ImError {
  return ImError.notFound(`there is no group ${JSON.stringify(groupID)}`)
}

/** OpenIM's error where groups are told of beside something else. */
export function groupGone(groupID: string): ImError {
  return ImError.groupNotFound(`there is no group ${JSON.stringify(groupID)}`)
}

/** @throws ImError 1204 */
export function requireInUse(group: GroupRow): void {
  if (group.status === GroupStatus.Dismissed) throw ImError.groupDismissed(`group ${group.groupID} was dismissed`)
}

function requireRight(ctx: CallerContext, { group, member }: GroupAndMember, right: GroupRight): void {
  if (ctx.caller.isAdmin || (member !== null && member.roleLevel >= LEAST_ROLE[right])) return
  const lacking = {
    member: 'is not a member',
    admin: 'is neither the owner nor an administrator',
    owner: 'is not the owner',
  }
  throw ImError.noPermission(`${ctx.caller.userID} ${lacking[right]} of group ${group.groupID}`)
}
