import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { groupAs } from '../access.ts'
import type {
  GetGroupMemberListReq,
  GetGroupMembersInfoReq,
  GetGroupMemberUserIDsReq,
  GroupMemberFullInfo,
} from '../schema.ts'
import { countMembers, findMembers, memberPage, memberUserIDs, type WantedMembers } from '../store/members.ts'
import type { GroupRow } from '../tables.ts'
import { groupMemberFullInfo } from '../wire.ts'

const { Owner, Admin, Member } = GroupRole

/** The lowest and the highest role that a list shows, by OpenIM's filters 0 to 5. */
const ROLES_SHOWN = [
  [Member, Owner],
  [Owner, Owner],
  [Admin, Admin],
  [Member, Member],
  [Member, Admin],
  [Admin, Owner],
] as const

/** A page of the members, owner first; `keyword` is looked for in names and IDs, whatever its case. */
export async function getGroupMemberList(
  ctx: CallerContext,
  { groupID, filter, keyword, pagination }: z.output<typeof GetGroupMemberListReq>,
): Promise<{ total: number; members: GroupMemberFullInfo[] }> {
  const { group } = await groupAs(ctx, groupID, 'member')
  const [minRole, maxRole] = ROLES_SHOWN[filter] ?? ROLES_SHOWN[0]
  const wanted = { minRole, maxRole, text: keyword }
  const total = await countWanted(ctx, group, wanted)
  const window = pageWindow(pagination)
  if (window.limit === 0 || window.offset >= total) return { total, members: [] }
  return { total, members: (await memberPage(ctx.db, groupID, wanted, window)).map(groupMemberFullInfo) }
}

/** The group knows how many members it has, and those above them are few: so nobody counts a hundred thousand rows. */
async function countWanted(ctx: CallerContext, group: GroupRow, wanted: WantedMembers): Promise<number> {
  const { minRole, maxRole, text } = wanted
  if (text !== '' || minRole > Member) return countMembers(ctx.db, group.groupID, wanted)
  if (maxRole === Owner) return group.memberCount
  const above = { minRole: maxRole + 1, maxRole: Owner, text: '' }
  return group.memberCount - (await countMembers(ctx.db, group.groupID, above))
}

/** Those of the given users who are members; the others are left out. */
export async function getGroupMembersInfo(
  ctx: CallerContext,
  { groupID, userIDs }: z.output<typeof GetGroupMembersInfoReq>,
): Promise<{ members: GroupMemberFullInfo[] }> {
  await groupAs(ctx, groupID, 'member')
  const members = await findMembers(
    ctx.db,
    [...new Set(userIDs)].map((userID) => ({ groupID, userID })),
  )
  return { members: members.map(groupMemberFullInfo) }
}

/** The IDs of all members, in the order of the list. */
export async function getGroupMemberUserIDs(
  ctx: CallerContext,
  { groupID }: z.output<typeof GetGroupMemberUserIDsReq>,
): Promise<{ userIDs: string[] }> {
  await groupAs(ctx, groupID, 'member')
  return { userIDs: await memberUserIDs(ctx.db, groupID) }
}
