import { GroupRole, GroupStatus } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { findGroupsAndMember } from './store/groups.ts'
import { findMembers } from './store/members.ts'
import type { GroupAndMember, GroupRow } from './tables.ts'

/** The role that a call needs in a group: any member, at least a group administrator, or the owner. */
export type GroupRight = 'member' | 'admin' | 'owner'

const LEAST_ROLE = { member: GroupRole.Member, admin: GroupRole.Admin, owner: GroupRole.Owner }

/**
 * Reads a group that the caller may access, dismissed or not, with the caller's member row. App administrators may
 * access every group; their member row is null where they are not members.
 * @throws ImError 1004 when the group does not exist, 1002 when the caller does not have the right
 */
export async function accessGroup(ctx: CallerContext, groupID: string, right: GroupRight): Promise<GroupAndMember> {
  const [found] = await accessGroups(ctx, [groupID], right)
  if (!found) throw noSuchGroup(groupID)
  return found
}

/**
 * Does the same as `accessGroup` for several groups, in the order of the IDs.
 * @param missing the error for a group that does not exist
 */
export async function accessGroups(
  ctx: CallerContext,
  groupIDs: readonly string[],
  right: GroupRight,
  missing: (groupID: string) => ImError = noSuchGroup,
): Promise<GroupAndMember[]> {
  const found = await findGroupsAndMember(ctx.db, groupIDs, ctx.caller.userID)
  return groupIDs.map((groupID) => {
    const groupAndMember = found.get(groupID)
    if (!groupAndMember) throw missing(groupID)
    requireRight(ctx, groupAndMember, right)
    return groupAndMember
  })
}

/** The members of a group among the given users. */
export async function membersAmong(ctx: Context, groupID: string, userIDs: readonly string[]): Promise<Set<string>> {
  const found = await findMembers(
    ctx.db,
    userIDs.map((userID) => ({ groupID, userID })),
  )
  return new Set(found.map(({ member }) => member.userID))
}

export function noSuchGroup(groupID: string): ImError {
  return ImError.notFound(`there is no group ${JSON.stringify(groupID)}`)
}

/** OpenIM: the lists of join requests and get_group_abstract_info answer 1201 instead of 1004. */
export function groupNotFound(groupID: string): ImError {
  return ImError.groupNotFound(`there is no group ${JSON.stringify(groupID)}`)
}

/** @throws ImError 1204 when the group was dismissed */
export function requireNotDismissed(group: GroupRow): void {
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
