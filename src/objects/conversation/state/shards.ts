import { readGroupState } from './members.ts'

/*
 * The shards of a large group: which relay serves which member (column `member.shard`), and how many members each relay
 * serves (table `shard`). A relay is named by the number of its shard.
 */

/** Members that one relay serves. */
const RELAY_MEMBERS = 1_000

/** Whether the group has more members than the conversation delivers to by itself, and no relays yet. */
export function needsRelays(sql: SqlStorage, maxDirectMembers: number): boolean {
  const state = readGroupState(sql)
  return state !== null && !state.isRelayed && state.memberCount > maxDirectMembers
}

/** Gives every member a place in a relay. From then on relays deliver, even if the group shrinks again. */
export function handOverToRelays(sql: SqlStorage, time: number): void {
  // The cast makes the quotient an integer: bound numbers are floating point, and so is the result of dividing by one.
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

/** The shards that have members. */
export function shardsInUse(sql: SqlStorage): number[] {
  return allShards(sql)
    .filter(({ members }) => members > 0)
    .map(({ shard }) => shard)
}

/** Every shard that the group ever had, with the number of its current members. */
export function allShards(sql: SqlStorage): { shard: number; members: number }[] {
  return sql.exec<{ shard: number; members: number }>('SELECT shard, members FROM shard').toArray()
}

/** The members of each shard. */
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

/** Users who joined, left or moved to a relay at or after a time (ms). */
export function changedSince(sql: SqlStorage, time: number): string[] {
  return sql
    .exec<{ user_id: string }>('SELECT user_id FROM member WHERE changed_time >= ?', time)
    .toArray()
    .map((row) => row.user_id)
}

/** Takes a place in the first shard that has a free place, or in a new shard. @returns the shard */
export function takePlace(sql: SqlStorage): number {
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

/** Frees the place of a member who leaves. @returns the shard; -1 when no relay served the member */
export function freePlace(sql: SqlStorage, userID: string): number {
  const [place] = sql.exec<{ shard: number }>('SELECT shard FROM member WHERE user_id = ?', userID).toArray()
  if (!place || place.shard < 0) return -1
  sql.exec('UPDATE shard SET members = members - 1 WHERE shard = ?', place.shard)
  return place.shard
}
