import type { GroupChange } from '../../../contracts/group-change.ts'
import { freePlace, takePlaces } from '../state/shards.ts'

/*
 * The statements that apply a group change to this conversation's copy of the group and its members.
 */

/**
 * Adds the users who join (`change.join`) to the table `member`, and updates the changed members.
 * @param minSeq the joining users may not read messages below this seq; 0 = they may read all messages
 * @param relayed whether relays deliver to this group
 */
export function mirrorArrivals(sql: SqlStorage, change: GroupChange, minSeq: number, relayed: boolean): void {
  const join = change.join ?? []
  const shards = relayed ? takePlaces(sql, join.length) : []
  const rows = join.map(({ userID, roleLevel, muteEndTime }, i) => [userID, roleLevel, muteEndTime, shards[i] ?? -1])
  if (rows.length > 0) {
    // One statement for all: up to 1,000 may join at once. (Without `WHERE true` SQLite reads ON as a join's.)
    sql.exec(
      `INSERT INTO member (user_id, role_level, mute_end_time, min_seq, read_seq, shard, changed_time)
        SELECT value ->> 0, value ->> 1, value ->> 2, ?2, max(0, ?2 - 1), value ->> 3, ?3 FROM json_each(?1) WHERE true
        ON CONFLICT (user_id) DO UPDATE SET role_level = excluded.role_level, mute_end_time = excluded.mute_end_time,
          min_seq = ?2, left_seq = -1, read_seq = max(read_seq, ?2 - 1), shard = excluded.shard, changed_time = ?3`,
      JSON.stringify(rows),
      minSeq,
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
 * Removes the users who leave. Their rows stay, because these users may still read the messages up to `leftSeq`.
 * @param leftSeq the newest message that these users may read
 * @returns the users who left, by the shard that served them; users without a relay are left out
 */
export function mirrorDepartures(sql: SqlStorage, change: GroupChange, leftSeq: number): Map<number, string[]> {
  const byShard = new Map<number, string[]>()
  for (const userID of change.leave ?? []) {
    const shard = freePlace(sql, userID)
    if (shard >= 0) {
      const others = byShard.get(shard)
      if (others) others.push(userID)
      else byShard.set(shard, [userID])
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

/** Writes the status and the member count of the group. */
export function mirrorGroup(sql: SqlStorage, { set, create }: GroupChange, memberCount: number): void {
  sql.exec(
    'UPDATE group_state SET status = coalesce(?, status), member_count = ? WHERE id = 1',
    set?.status ?? create?.status ?? null,
    memberCount,
  )
}
