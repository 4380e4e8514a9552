import type { GroupChange } from '../../../contracts/group-change.ts'
import { freePlace, takePlace } from '../state/shards.ts'

/*
 * The statements that apply a group change to this conversation's copy of the group and its members.
 */

/**
 * Adds the newcomers and updates changed members.
 * @param minSeq newcomers may not read messages below this seq; 0 = they may read all
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
 * Removes the leavers. Their rows stay, because they may still read the messages up to this point.
 * @param leftSeq the newest message that they may read
 * @returns the leavers by the shard that served them; leavers without a relay are left out
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
