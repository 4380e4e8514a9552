import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { accessGroup, accessGroupOrHistory } from '../access.ts'
import type {
  GetGroupMemberListReq,
  GetGroupMembersInfoReq,
  GetGroupMemberUserIDsReq,
  GroupMemberFullInfo,
} from '../schema.ts'
import { countMembers, findMembers, type MemberFilter, memberPage, memberUserIDs } from '../store/members.ts'
import type { GroupRow } from '../tables.ts'
import { groupMemberFullInfo } from '../wire.ts'

const { Owner, Admin, Member } = GroupRole

/** The lowest and the highest role in the list for each of OpenIM's filters 0 to 5. */
const ROLES_SHOWN = [
  [Member, Owner],
  [Owner, Owner],
  [Admin, Admin],
  [Member, Member],
  [Member, Admin],
  [Admin, Owner],
] as const

/** Returns a page of the members, owner first. `keyword` is searched in names and userIDs, ignoring case. */
export async function getGroupMemberList(
  ctx: CallerContext,
  { groupID, filter, keyword, pagination }: z.output<typeof GetGroupMemberListReq>,
): Promise<{ total: number; members: GroupMemberFullInfo[] }> {
  const { group } = await accessGroup(ctx, groupID, 'member')
  const [minRole, maxRole] = ROLES_SHOWN[filter] ?? ROLES_SHOWN[0]
  const filterBy = { minRole, maxRole, text: keyword }
  const total = await countMatching(ctx, group, filterBy)
  const window = pageWindow(pagination)
  if (window.limit === 0 || window.offset >= total) return { total, members: [] }
  return { total, members: (await memberPage(ctx.db, groupID, filterBy, window)).map(groupMemberFullInfo) }
}

/**
 * Counts the members that match. Where ordinary members match and no text is given, the count is the group's own number
 * of members, less the few with a higher role: so 100,000 rows need not be counted.
 */
async function countMatching(ctx: CallerContext, group: GroupRow, filterBy: MemberFilter): Promise<number> {
  const { minRole, maxRole, text } = filterBy
  if (text !== '' || minRole > Member) return countMembers(ctx.db, group.groupID, filterBy)
  if (maxRole === Owner) return group.memberCount
  const above = { minRole: maxRole + 1, maxRole: Owner, text: '' }
  return group.memberCount - (await countMembers(ctx.db, group.groupID, above))
}

/**
 * Returns the given members; users who are not members are left out. A former member who may still read a part of the
 * chat gets an empty list, and so learns nothing about the group after leaving it. OpenIM refuses the call. But the JS
 * SDK asks for the senders of each page of history, and shows no history at all when the call is refused.
 */
export async function getGroupMembersInfo(
  ctx: CallerContext,
  { groupID, userIDs }: z.output<typeof GetGroupMembersInfoReq>,
): Promise<{ members: GroupMemberFullInfo[] }> {
  if (!(await accessGroupOrHistory(ctx, groupID))) return { members: [] }
  const members = await findMembers(
    ctx.db,
    [...new Set(userIDs)].map((userID) => ({ groupID, userID })),
  )
  return { members: members.map(groupMemberFullInfo) }
}

/** Returns the userIDs of all members, in the order of the member list. */
export async function getGroupMemberUserIDs(
  ctx: CallerContext,
  { groupID }: z.output<typeof GetGroupMemberUserIDsReq>,
): Promise<{ userIDs: string[] }> {
  await accessGroup(ctx, groupID, 'member')
  return { userIDs: await memberUserIDs(ctx.db, groupID) }
}
