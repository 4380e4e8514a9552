import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Database } from '../../../platform/storage/d1.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { goJson } from '../../../sync/id-hash.ts'
import { accessGroups, groupNotFound } from '../access.ts'
import type { GetGroupAbstractInfoReq, GroupAbstractInfo } from '../schema.ts'
import { membersAfter, membersOfGroups } from '../store/members.ts'
import type { GroupRow, MemberWithUser } from '../tables.ts'
import { groupMemberFullInfo } from '../wire.ts'

/** The most members of all groups of one call. A call for a single group has no limit. */
const MAX_MEMBERS_PER_CALL = 100_000

/** The most member rows in memory at a time. */
const MAX_ROWS_IN_MEMORY = 1_000

/** Returns the number of members of each group and a hash of their entries. */
export async function getGroupAbstractInfo(
  ctx: CallerContext,
  { groupIDs }: z.output<typeof GetGroupAbstractInfoReq>,
): Promise<{ groupAbstractInfos: GroupAbstractInfo[] }> {
  const groups = (await accessGroups(ctx, groupIDs, 'member', groupNotFound)).map(({ group }) => group)
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

/**
 * OpenIM's hash of a member list: the MD5 of its JSON text, with the members ordered by userID. The value is the first
 * 8 bytes as a big-endian number.
 */
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

/**
 * Reads the members of each group, ordered by userID: several small groups in one query, a large group page by page.
 */
async function* membersOf(db: Database, groups: readonly GroupRow[]): AsyncGenerator<MemberWithUser> {
  for (const part of fittingParts(groups)) {
    const [first, ...others] = part
    if (first && others.length === 0) yield* membersOfOne(db, first.groupID)
    else {
      yield* await membersOfGroups(
        db,
        part.map(({ groupID }) => groupID),
      )
    }
  }
}

async function* membersOfOne(db: Database, groupID: string): AsyncGenerator<MemberWithUser> {
  let after = ''
  for (;;) {
    const rows = await membersAfter(db, groupID, after, MAX_ROWS_IN_MEMORY)
    yield* rows
    if (rows.length < MAX_ROWS_IN_MEMORY) return
    after = rows.at(-1)?.member.userID ?? ''
  }
}

/** Splits groups into parts with at most `MAX_ROWS_IN_MEMORY` members; a larger group is a part of its own. */
function fittingParts(groups: readonly GroupRow[]): GroupRow[][] {
  const parts: GroupRow[][] = []
  let room = 0
  for (const group of groups) {
    if (room < group.memberCount) {
      parts.push([])
      room = MAX_ROWS_IN_MEMORY
    }
    parts.at(-1)?.push(group)
    room -= group.memberCount
  }
  return parts
}
