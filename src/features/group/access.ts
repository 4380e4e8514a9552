import { GroupRole, GroupStatus } from '../../protocol/constants/group.ts'
import { groupConversationID } from '../../protocol/conversation-id.ts'
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
 * @throws ImError 1004 when the group does not exist; when the caller does not have the right, 1204 for a dismissed
 *   group and 1002 for any other
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
  const groups = await existingGroups(ctx, groupIDs, missing)
  for (const one of groups) requireRight(ctx, one, right)
  return groups
}

/** Does the same, and leaves out dismissed groups, whatever right the caller had in them. */
export async function accessUndismissedGroups(
  ctx: CallerContext,
  groupIDs: readonly string[],
  right: GroupRight,
): Promise<GroupAndMember[]> {
  const groups = await existingGroups(ctx, groupIDs, noSuchGroup)
  const inUse = groups.filter(({ group }) => group.status !== GroupStatus.Dismissed)
  for (const one of inUse) requireRight(ctx, one, right)
  return inUse
}

async function existingGroups(
  ctx: CallerContext,
  groupIDs: readonly string[],
  missing: (groupID: string) => ImError,
): Promise<GroupAndMember[]> {
  const found = await findGroupsAndMember(ctx.db, groupIDs, ctx.caller.userID)
  return groupIDs.map((groupID) => {
    const groupAndMember = found.get(groupID)
    if (!groupAndMember) throw missing(groupID)
    return groupAndMember
  })
}

/** The given groups in which the caller has a right; groups that do not exist are left out. */
export async function groupsWithRight(
  ctx: CallerContext,
  groupIDs: readonly string[],
  right: GroupRight,
): Promise<Set<string>> {
  const found = [...(await findGroupsAndMember(ctx.db, groupIDs, ctx.caller.userID)).values()]
  return new Set(
    found.filter((groupAndMember) => hasRight(ctx, groupAndMember, right)).map(({ group }) => group.groupID),
  )
}

/**
 * Checks that the caller may access a group as a member, or may at least read a part of its chat as a former member.
 * @returns false for a former member
 * @throws ImError as `accessGroup` does for any other caller
 */
export async function accessGroupOrHistory(ctx: CallerContext, groupID: string): Promise<boolean> {
  const [found] = await existingGroups(ctx, [groupID], noSuchGroup)
  if (!found) throw noSuchGroup(groupID)
  if (hasRight(ctx, found, 'member')) return true
  if (!(await mayReadHistory(ctx, groupID))) requireRight(ctx, found, 'member')
  return false
}

/** Only the group's conversation knows the former members and what they may read. */
async function mayReadHistory(ctx: CallerContext, groupID: string): Promise<boolean> {
  const everything = { userID: ctx.caller.userID, minSeq: 0, maxSeq: 0 }
  const { lower, upper } = await ctx.conversation(groupConversationID(groupID)).readRange('chat', everything, 1, 0, 0)
  return upper >= lower
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

function hasRight(ctx: CallerContext, { member }: GroupAndMember, right: GroupRight): boolean {
  return ctx.caller.isAdmin || (member !== null && member.roleLevel >= LEAST_ROLE[right])
}

function requireRight(ctx: CallerContext, groupAndMember: GroupAndMember, right: GroupRight): void {
  const { group } = groupAndMember
  if (hasRight(ctx, groupAndMember, right)) return
  // A dismissal ends all memberships. Without this, the former owner would be refused for the lack of a role.
  requireNotDismissed(group)
  const lacking = {
    member: 'is not a member',
    admin: 'is neither the owner nor an administrator',
    owner: 'is not the owner',
  }
  const { groupID } = groupAndMember.group
  throw ImError.noPermission(`${ctx.caller.userID} ${lacking[right]} of group ${groupID}`)
}
