import type { GroupChange } from '../../../contracts/group-change.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type Members, readGroupState } from '../members/members.ts'

/** How many members one relay serves. */
const RELAY_MEMBERS = 1_000

/** Whether the change fits what the group is now. The verb has looked at D1; a change may have come in between. */
export function refusalOfChange(members: Members, change: GroupChange): ImError | null {
  const { groupID, create, join = [], update = [], leave = [], roles = [], actor } = change
  if (create) return members.kind ? ImError.groupIDExists(`groupID ${groupID} is taken`) : null
  const isRemoval = join.length === 0 && update.length === 0 && leave.length > 0
  if (members.group?.status === GroupStatus.Dismissed && !isRemoval) {
    return ImError.groupDismissed(`group ${groupID} was dismissed`)
  }
  if (actor && (members.get(actor.userID)?.roleLevel ?? 0) < actor.roleLevel) {
    return ImError.noPermission(`${actor.userID} has lost the role in group ${groupID} just now`)
  }
  const there = join.find(({ userID }) => members.has(userID))
  if (there) return ImError.args(`${there.userID} is a member of group ${groupID} already`)
  const absent = [...leave, ...update.map(({ userID }) => userID)].find((userID) => !members.has(userID))
  if (absent !== undefined) return ImError.notInGroup(`${absent} is not a member of group ${groupID}`)
  const other = roles.find(({ userID, roleLevel }) => members.get(userID)?.roleLevel !== roleLevel)
  return other ? ImError.noPermission(`${other.userID} got another role in group ${groupID} just now`) : null
}

/** How many members there will be. */
export function memberCountAfter(members: Members, { create, join = [], leave = [] }: GroupChange): number {
  const before = create ? 0 : (members.group?.memberCount ?? 0)
  return before + join.length - leave.length
}

/**
 * Takes newcomers in, and what changed of the group and its members.
 * @param minSeq what came before this is not for newcomers; 0 = they read everything
 * @param relayed whether relays deliver to this group
 */
export function mirrorArrivals(sql: SqlStorage, change: GroupChange, minSeq: number, relayed: boolean): void {
  for (const { userID, roleLevel, muteEndTime } of change.join ?? []) {
    sql.exec(
      `INSERT INTO member (user_id, role_level, mute_end_time, min_seq, read_seq, shard, changed_time)
        VALUES (?1, ?2, ?3, ?4, max(0, ?4 - 1), ?5, ?6)
        ON CONFLICT (user_id) DO UPDATE SET role_level = ?2, mute_end_time = ?3, min_seq = ?4, left_seq = -1,
          read_seq = max(read_seq, ?4 - 1), shard = ?5, changed_time = ?6`,
      userID,
      roleLevel,
      muteEndTime,
      minSeq,
      relayed ? takeShard(sql) : -1,
      change.time,
    )
  }
  for (const { userID, set } of change.update ?? []) {
    sql.exec(
      `UPDATE member SET role_level = coalesce(?, role_level), mute_end_time = coalesce(?, mute_end_time)
        WHERE user_id = ?`,
      set.roleLevel ?? null,
      set.muteEndTime ?? null,
      userID,
    )
  }
}

/**
 * Lets members go, who keep what they could read.
 * @param leftSeq the newest message they may read
 * @returns who goes, by the relay that served them; those whom none served are in none
 */
export function mirrorDepartures(sql: SqlStorage, change: GroupChange, leftSeq: number): Map<number, string[]> {
  const byShard = new Map<number, string[]>()
  for (const userID of change.leave ?? []) {
    const [place] = sql.exec<{ shard: number }>('SELECT shard FROM member WHERE user_id = ?', userID).toArray()
    if (place && place.shard >= 0) {
      sql.exec('UPDATE shard SET members = members - 1 WHERE shard = ?', place.shard)
      const others = byShard.get(place.shard)
      if (others) others.push(userID)
      else byShard.set(place.shard, [userID])
    }
    sql.exec(
      'UPDATE member SET role_level = 0, left_seq = ?, shard = -1, changed_time = ? WHERE user_id = ?',
      leftSeq,
      change.time,
      userID,
    )
  }
  return byShard
}

/** Notes what the group itself is like now. */
export function mirrorGroup(sql: SqlStorage, { set, create }: GroupChange, memberCount: number): void {
  sql.exec(
    'UPDATE group_state SET status = coalesce(?, status), member_count = ? WHERE id = 1',
    set?.status ?? create?.status ?? null,
    memberCount,
  )
}

/** From now on relays deliver: everyone gets a place in one. It stays so when the group shrinks again. */
export function handOverToRelays(sql: SqlStorage, time: number): void {
  // Numbers are bound as floating point, and so is what they divide.
  sql.exec(
    `UPDATE member SET changed_time = ?, shard = placed.shard
      FROM (SELECT user_id, CAST((row_number() OVER (ORDER BY user_id) - 1) / ? AS INTEGER) AS shard
        FROM member WHERE left_seq < 0) placed
      WHERE member.user_id = placed.user_id`,
    time,
    RELAY_MEMBERS,
  )
  sql.exec('INSERT INTO shard (shard, members) SELECT shard, count(*) FROM member WHERE shard >= 0 GROUP BY shard')
  sql.exec('UPDATE group_state SET relayed = 1 WHERE id = 1')
}

/** Whether the group has become too large for delivering by itself. */
export function outgrows(sql: SqlStorage, maxDirectMembers: number): boolean {
  const state = readGroupState(sql)
  return state !== null && !state.relayed && state.memberCount > maxDirectMembers
}

/** The numbers of the group's relays that serve anybody. */
export function shardsOf(sql: SqlStorage): number[] {
  return everyShardOf(sql)
    .filter(({ members }) => members > 0)
    .map(({ shard }) => shard)
}

/** All relays that the group ever had, and how many members each serves now. */
export function everyShardOf(sql: SqlStorage): { shard: number; members: number }[] {
  return sql.exec<{ shard: number; members: number }>('SELECT shard, members FROM shard').toArray()
}

/** Everyone, by relay. */
export function rostersOf(sql: SqlStorage): Map<number, string[]> {
  const rows = sql.exec<{ user_id: string; shard: number }>('SELECT user_id, shard FROM member WHERE shard >= 0')
  const rosters = new Map<number, string[]>()
  for (const { user_id, shard } of rows) {
    const roster = rosters.get(shard)
    if (roster) roster.push(user_id)
    else rosters.set(shard, [user_id])
  }
  return rosters
}

/** Who has joined, left or moved to a relay since a moment (ms). */
export function changedSince(sql: SqlStorage, time: number): string[] {
  return sql
    .exec<{ user_id: string }>('SELECT user_id FROM member WHERE changed_time >= ?', time)
    .toArray()
    .map((row) => row.user_id)
}

/** A place in the first relay that has one. */
function takeShard(sql: SqlStorage): number {
  const [free] = sql
    .exec<{ shard: number }>('SELECT shard FROM shard WHERE members < ? ORDER BY shard LIMIT 1', RELAY_MEMBERS)
    .toArray()
  if (free) {
    sql.exec('UPDATE shard SET members = members + 1 WHERE shard = ?', free.shard)
    return free.shard
  }
  const { next } = sql.exec<{ next: number }>('SELECT coalesce(max(shard), -1) + 1 AS next FROM shard').one()
  sql.exec('INSERT INTO shard (shard, members) VALUES (?, 1)', next)
  return next
}
