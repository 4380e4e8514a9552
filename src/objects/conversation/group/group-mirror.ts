import type { GroupChange } from '../../../contracts/group-change.ts'
import { freePlace, takePlace } from '../state/shards.ts'

/*
 * The statements that apply a group change to this conversation's copy of the group and its members.
 */

/**
 * Adds the users who join (`change.join`) to the table `member`, and updates the changed members.
 * @param minSeq the joining users may not read messages below this seq; 0 = they may read all messages
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
      relayed ? takePlace(sql) : -1,
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
