import type { z } from 'zod'
import type { Delta } from '../../../contracts/user.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { fullIDsAnswer, type IncrementalAnswer, incrementalAnswer } from '../../../sync/answers.ts'
import { readDelta, readDeltas, readHead } from '../../../sync/version-store.ts'
import { accessGroup, accessUndismissedGroups, requireNotDismissed } from '../access.ts'
import type {
  GetFullGroupMemberUserIDsReq,
  GetIncrementalGroupMembersBatchReq,
  GetIncrementalGroupMembersReq,
  GroupInfo,
  GroupMemberFullInfo,
} from '../schema.ts'
import { findGroups } from '../store/groups.ts'
import { findMembers, memberUserIDs } from '../store/members.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

interface MembersAnswer extends IncrementalAnswer<GroupMemberFullInfo> {
  /** The current group, when the group or any of its members changed; otherwise null. */
  group: GroupInfo | null
  /** The version at which the order of the list changed; 0 when it did not change. */
  sortVersion: number
}

/** The changes in one member list. */
interface MemberListDelta {
  groupID: string
  delta: Delta
}

/** Returns the changes in a member list, and in the group itself, since the client's version. */
export async function getIncrementalGroupMembers(
  ctx: CallerContext,
  { groupID, versionID, version }: z.output<typeof GetIncrementalGroupMembersReq>,
): Promise<MembersAnswer> {
  requireNotDismissed((await accessGroup(ctx, groupID, 'member')).group)
  const list = { groupID, delta: await readDelta(ctx.db, 'group-member', groupID, { versionID, version }) }
  return answerOf(list, await readChanged(ctx, [list]))
}

/** OpenIM: with this many changes the answer is full, and clients ask for the other groups in another call. */
const ENOUGH_CHANGES = 500

/** The number of version logs that are read at once. After each read, the changes are counted. */
const GROUPS_AT_ONCE = 50

/** Does the same for many groups, until the answer is full. Dismissed groups are left out. */
export async function getIncrementalGroupMembersBatch(
  ctx: CallerContext,
  { reqList }: z.output<typeof GetIncrementalGroupMembersBatchReq>,
): Promise<{ respList: Record<string, MembersAnswer> }> {
  const asked = new Map(reqList.toReversed().map((one) => [one.groupID, one]))
  const groups = await accessUndismissedGroups(ctx, [...new Set(reqList.map(({ groupID }) => groupID))], 'member')
  const inUse = groups.flatMap(({ group: { groupID } }) => {
    const known = asked.get(groupID)
    return known ? [{ ...known, ownerID: groupID }] : []
  })
  const answers: [string, MembersAnswer][] = []
  let changes = 0
  for (let i = 0; i < inUse.length && changes < ENOUGH_CHANGES; i += GROUPS_AT_ONCE) {
    const part = inUse.slice(i, i + GROUPS_AT_ONCE)
    const deltas = await readDeltas(ctx.db, 'group-member', part)
    const lists = part.flatMap(({ groupID }, n) => {
      const delta = deltas[n]
      if (!delta || changes >= ENOUGH_CHANGES) return []
      changes += delta.inserted.length + delta.updated.length + delta.deleted.length
      return [{ groupID, delta }]
    })
    const changed = await readChanged(ctx, lists)
    for (const one of lists) answers.push([one.groupID, answerOf(one, changed)])
  }
  return { respList: Object.fromEntries(answers) }
}

/** Returns the ordered userIDs of all members, unless the client's hash shows that it has them already. */
export async function getFullGroupMemberUserIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullGroupMemberUserIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; userIDs: string[] }> {
  await accessGroup(ctx, req.groupID, 'member')
  const head = await readHead(ctx.db, 'group-member', req.groupID)
  const { ids, ...answer } = fullIDsAnswer(head, await memberUserIDs(ctx.db, req.groupID), req.idHash)
  return { ...answer, userIDs: ids }
}

interface Changed {
  members: Map<string, GroupMemberFullInfo[]>
  groups: Map<string, GroupInfo>
}

/**
 * Reads the current rows of the members and groups that changed. They must be read after the versions. Read before
 * them, an older row could be sent with a newer version, and the client would never ask for it again.
 */
async function readChanged(ctx: CallerContext, lists: readonly MemberListDelta[]): Promise<Changed> {
  const keys = lists.flatMap(({ groupID, delta }) =>
    [...delta.inserted, ...delta.updated].map((userID) => ({ groupID, userID })),
  )
  const groupIDs = lists.filter(({ delta }) => isGroupChanged(delta)).map(({ groupID }) => groupID)
  const [members, groups] = await Promise.all([findMembers(ctx.db, keys), findGroups(ctx.db, groupIDs)])
  return {
    members: Map.groupBy(members.map(groupMemberFullInfo), ({ groupID }) => groupID),
    groups: new Map(groups.map((row) => [row.groupID, groupInfo(row)])),
  }
}

/** Members who joined or left change the group too, because the group has its number of members. */
function isGroupChanged({ full, ownerChanged, inserted, updated, deleted }: Delta): boolean {
  return full || ownerChanged || inserted.length + updated.length + deleted.length > 0
}

function answerOf({ groupID, delta }: MemberListDelta, changed: Changed): MembersAnswer {
  const members = changed.members.get(groupID) ?? []
  return {
    ...incrementalAnswer(delta, new Map(members.map((member) => [member.userID, member]))),
    group: changed.groups.get(groupID) ?? null,
    sortVersion: delta.sortVersion,
  }
}
