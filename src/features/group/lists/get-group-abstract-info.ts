import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Database } from '../../../platform/storage/d1.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { goJson } from '../../../sync/id-hash.ts'
import { groupGone, groupsAs } from '../access.ts'
import type { GetGroupAbstractInfoReq, GroupAbstractInfo } from '../schema.ts'
import { type MemberWithUser, membersAfter, membersOfGroups } from '../store/members.ts'
import type { GroupRow } from '../tables.ts'
import { groupMemberFullInfo } from '../wire.ts'

/** A single group may have more. */
const MAX_MEMBERS_PER_CALL = 100_000

/** Rows that are in memory at a time. */
const MEMBERS_AT_ONCE = 1_000

/** How many members each group has, and a hash of what they are. */
export async function getGroupAbstractInfo(
  ctx: CallerContext,
  { groupIDs }: z.output<typeof GetGroupAbstractInfoReq>,
): Promise<{ groupAbstractInfos: GroupAbstractInfo[] }> {
  const groups = (await groupsAs(ctx, groupIDs, 'member', groupGone)).map(({ group }) => group)
  const members = groups.reduce((sum, { memberCount }) => sum + memberCount, 0)
  if (groups.length > 1 && members > MAX_MEMBERS_PER_CALL) {
    throw ImError.args(`the groups have ${members} members; ask for at most ${MAX_MEMBERS_PER_CALL} at once`)
  }
  const hashes = new Map(groupIDs.map((groupID) => [groupID, new MemberListHash()]))
  for await (const row of membersOf(ctx.db, groups)) hashes.get(row.member.groupID)?.add(row)
  const groupAbstractInfos = [...hashes].map(([groupID, hash]) => {
    if (hash.count === 0) throw ImError.groupNotFound(`group ${groupID} has no members`)
    return { groupID, groupMemberNumber: hash.count, groupMemberListHash: hash.digest() }
  })
  return { groupAbstractInfos }
}

/** OpenIM's hash of a member list: MD5 of its JSON text, by userID; the first 8 bytes as a big-endian number. */
class MemberListHash {
  readonly #md5 = createHash('md5').update('[')
  count = 0

  add(row: MemberWithUser): void {
    this.#md5.update((this.count === 0 ? '' : ',') + goJson(groupMemberFullInfo(row)))
    this.count++
  }

  digest(): bigint {
    return this.#md5.update(']').digest().readBigUInt64BE(0)
  }
}

/** The members of each group by userID: small groups together, a large one piece by piece. */
async function* membersOf(db: Database, groups: readonly GroupRow[]): AsyncGenerator<MemberWithUser> {
  for (const together of fitting(groups)) {
    const [first, ...others] = together
    if (first && others.length === 0) yield* membersOfOne(db, first.groupID)
    else {
      yield* await membersOfGroups(
        db,
        together.map(({ groupID }) => groupID),
      )
    }
  }
}

async function* membersOfOne(db: Database, groupID: string): AsyncGenerator<MemberWithUser> {
  let after = ''
  for (;;) {
    const rows = await membersAfter(db, groupID, after, MEMBERS_AT_ONCE)
    yield* rows
    if (rows.length < MEMBERS_AT_ONCE) return
    after = rows.at(-1)?.member.userID ?? ''
  }
}

/** Groups in parts whose members are few enough to be read at once, unless a group alone has more. */
function fitting(groups: readonly GroupRow[]): GroupRow[][] {
  const parts: GroupRow[][] = []
  let room = 0
  for (const group of groups) {
    if (room < group.memberCount) {
      parts.push([])
      room = MEMBERS_AT_ONCE
    }
    parts.at(-1)?.push(group)
    room -= group.memberCount
  }
  return parts
}
