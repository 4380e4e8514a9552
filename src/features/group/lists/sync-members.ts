import type { z } from 'zod'
import type { Delta } from '../../../contracts/user.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { fullIDsAnswer, type IncrementalAnswer, incrementalAnswer } from '../../../sync/answers.ts'
import { readDelta, readDeltas, readHead } from '../../../sync/incremental.ts'
import { groupAs, groupsAs, requireInUse } from '../access.ts'
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
  /** The group as it is, when it or any of its members changed; else null. */
  group: GroupInfo | null
  /** Above 0: the order changed at that version. */
  sortVersion: number
}

/** A member list and what changed in it. */
interface Followed {
  groupID: string
  delta: Delta
}

/** What changed in a member list, and in the group itself, since the version the client has. */
export async function getIncrementalGroupMembers(
  ctx: CallerContext,
  { groupID, versionID, version }: z.output<typeof GetIncrementalGroupMembersReq>,
): Promise<MembersAnswer> {
  requireInUse((await groupAs(ctx, groupID, 'member')).group)
  const followed = { groupID, delta: await readDelta(ctx.db, 'group-member', groupID, { versionID, version }) }
  return answerOf(followed, await readChanged(ctx, [followed]))
}

/** OpenIM: after so many changes the answer is closed, and clients ask for the other groups in another call. */
const ENOUGH_CHANGES = 500

/** How many logs are read before it is looked whether that is enough. */
const GROUPS_AT_ONCE = 50

/** The same for many groups, in one answer as far as it goes. Dismissed groups are left out. */
export async function getIncrementalGroupMembersBatch(
  ctx: CallerContext,
  { reqList }: z.output<typeof GetIncrementalGroupMembersBatchReq>,
): Promise<{ respList: Record<string, MembersAnswer> }> {
  const asked = new Map(reqList.toReversed().map((one) => [one.groupID, one]))
  const groups = await groupsAs(ctx, [...new Set(reqList.map(({ groupID }) => groupID))], 'member')
  const inUse = groups.flatMap(({ group: { groupID, status } }) => {
    const known = asked.get(groupID)
    return known && status !== GroupStatus.Dismissed ? [{ ...known, ownerID: groupID }] : []
  })
  const answers: [string, MembersAnswer][] = []
  let changes = 0
  for (let i = 0; i < inUse.length && changes < ENOUGH_CHANGES; i += GROUPS_AT_ONCE) {
    const part = inUse.slice(i, i + GROUPS_AT_ONCE)
    const deltas = await readDeltas(ctx.db, 'group-member', part)
    const followed = part.flatMap(({ groupID }, n) => {
      const delta = deltas[n]
      if (!delta || changes >= ENOUGH_CHANGES) return []
      changes += delta.inserted.length + delta.updated.length + delta.deleted.length
      return [{ groupID, delta }]
    })
    const changed = await readChanged(ctx, followed)
    for (const one of followed) answers.push([one.groupID, answerOf(one, changed)])
  }
  return { respList: Object.fromEntries(answers) }
}

/** The ordered IDs of all members, unless the client's hash says that it has them already. */
export async function getFullGroupMemberUserIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullGroupMemberUserIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; userIDs: string[] }> {
  await groupAs(ctx, req.groupID, 'member')
  const head = await readHead(ctx.db, 'group-member', req.groupID)
  const { ids, ...answer } = fullIDsAnswer(head, await memberUserIDs(ctx.db, req.groupID), req.idHash)
  return { ...answer, userIDs: ids }
}

interface Changed {
  members: Map<string, GroupMemberFullInfo[]>
  groups: Map<string, GroupInfo>
}

/**
 * The members and groups that changed, as they are now. They are read after the versions: read before, an older state
 * would go out under a newer version, and the client would never ask again.
 */
async function readChanged(ctx: CallerContext, followed: readonly Followed[]): Promise<Changed> {
  const keys = followed.flatMap(({ groupID, delta }) =>
    [...delta.inserted, ...delta.updated].map((userID) => ({ groupID, userID })),
  )
  const groupIDs = followed.filter(({ delta }) => isGroupChanged(delta)).map(({ groupID }) => groupID)
  const [members, groups] = await Promise.all([findMembers(ctx.db, keys), findGroups(ctx.db, groupIDs)])
  return {
    members: Map.groupBy(members.map(groupMemberFullInfo), ({ groupID }) => groupID),
    groups: new Map(groups.map((row) => [row.groupID, groupInfo(row)])),
  }
}

/** Members who came or went change the group, too: it counts them. */
function isGroupChanged({ full, ownerChanged, inserted, updated, deleted }: Delta): boolean {
  return full || ownerChanged || inserted.length + updated.length + deleted.length > 0
}

function answerOf({ groupID, delta }: Followed, changed: Changed): MembersAnswer {
  const members = changed.members.get(groupID) ?? []
  return {
    ...incrementalAnswer(delta, new Map(members.map((member) => [member.userID, member]))),
    group: changed.groups.get(groupID) ?? null,
    sortVersion: delta.sortVersion,
  }
}
