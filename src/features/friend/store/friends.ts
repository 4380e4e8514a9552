import { and, asc, count, desc, eq, exists, inArray, type SQL, sql } from 'drizzle-orm'
import { chunked, type Database, isAmong } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { insertRows } from '../../../platform/storage/upsert-rows.ts'
import { ChangeState, SORT_MARKER } from '../../../sync/compute-delta.ts'
import { bumpOwnersStatements, bumpStatements } from '../../../sync/version-store.ts'
import { type UserRow, user } from '../../user/tables.ts'
import { type FriendRow, friend } from '../tables.ts'

export interface FriendWithUser {
  friend: FriendRow
  user: UserRow
}

/** OpenIM's order of a friend list: pinned friends first, then the oldest friendship. */
const FRIEND_ORDER: SQL[] = [desc(friend.isPinned), asc(friend.createTime), asc(friend.friendUserID)]

const isFriend = (ownerUserID: string, friendUserID: string) =>
  and(eq(friend.ownerUserID, ownerUserID), eq(friend.friendUserID, friendUserID))

export async function friendPage(
  db: Database,
  ownerUserID: string,
  window: PageWindow,
): Promise<{ total: number; rows: FriendWithUser[] }> {
  // No batch: it returns rows as objects keyed by column name, and the joined tables share some column names.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(friend).where(eq(friend.ownerUserID, ownerUserID)),
    db
      .select()
      .from(friend)
      .innerJoin(user, eq(user.userID, friend.friendUserID))
      .where(eq(friend.ownerUserID, ownerUserID))
      .orderBy(...FRIEND_ORDER)
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** The given users who are in the owner's friend list, in the given order. */
export async function friendsAmong(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
): Promise<FriendWithUser[]> {
  const found = new Map<string, FriendWithUser>()
  for (const part of chunked([...new Set(friendUserIDs)])) {
    const rows = await db
      .select()
      .from(friend)
      .innerJoin(user, eq(user.userID, friend.friendUserID))
      .where(and(eq(friend.ownerUserID, ownerUserID), inArray(friend.friendUserID, part)))
    for (const row of rows) found.set(row.friend.friendUserID, row)
  }
  return friendUserIDs.flatMap((userID) => found.get(userID) ?? [])
}

export async function friendUserIDs(db: Database, ownerUserID: string): Promise<string[]> {
  const rows = await db
    .select({ userID: friend.friendUserID })
    .from(friend)
    .where(eq(friend.ownerUserID, ownerUserID))
    .orderBy(...FRIEND_ORDER)
  return rows.map((row) => row.userID)
}

/** The owners of the friend lists that contain this user. */
export async function ownersWithFriend(db: Database, friendUserID: string): Promise<string[]> {
  const rows = await db
    .select({ ownerUserID: friend.ownerUserID })
    .from(friend)
    .where(eq(friend.friendUserID, friendUserID))
  return rows.map((row) => row.ownerUserID)
}

/** Whether each of two users has the other in their friend list. */
export async function friendship(
  db: Database,
  userID1: string,
  userID2: string,
): Promise<{ inUser1Friends: boolean; inUser2Friends: boolean }> {
  const ids = { ownerUserID: friend.ownerUserID }
  const [by1, by2] = await db.batch([
    db.select(ids).from(friend).where(isFriend(userID1, userID2)),
    db.select(ids).from(friend).where(isFriend(userID2, userID1)),
  ])
  return { inUser1Friends: by1.length > 0, inUser2Friends: by2.length > 0 }
}

/** The condition that each of two users has the other in their friend list. */
export function areFriends(db: Database, userID1: string, userID2: string): SQL {
  const entry = (ownerUserID: string, friendUserID: string) =>
    exists(db.select({ one: sql`1` }).from(friend).where(isFriend(ownerUserID, friendUserID)))
  return sql`(${entry(userID1, userID2)} AND ${entry(userID2, userID1)})`
}

/** When, how and through which user a friendship began. */
export type Origin = Pick<FriendRow, 'createTime' | 'addSource' | 'operatorUserID'>

/**
 * Returns the statements that add the owner and each of the users to each other's friend lists; existing entries are
 * kept. The version of each of these lists increases by 1, however many friends there are.
 * @param onlyIf when this does not hold, no entries are added; the versions increase all the same
 */
export function befriendStatements(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
  origin: Origin,
  onlyIf: SQL = sql`true`,
) {
  const entry = { remark: '', ex: '', isPinned: false, ...origin }
  const rows = friendUserIDs.flatMap((friendUserID) => [
    { ownerUserID, friendUserID, ...entry },
    { ownerUserID: friendUserID, friendUserID: ownerUserID, ...entry },
  ])
  const state = ChangeState.Insert
  return [
    ...bumpStatements(
      db,
      'friend',
      ownerUserID,
      friendUserIDs.map((elementID) => ({ elementID, state })),
    ),
    ...bumpOwnersStatements(db, 'friend', friendUserIDs, { elementID: ownerUserID, state }),
    insertRows(db, friend, rows, onlyIf).onConflictDoNothing(),
  ] as const
}

export async function befriend(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
  origin: Origin,
): Promise<void> {
  await db.batch(befriendStatements(db, ownerUserID, friendUserIDs, origin))
}

/**
 * Removes a friend from the owner's list; the friend's own list does not change.
 * @returns false when another call removed the friend before
 */
export async function deleteFriend(db: Database, ownerUserID: string, friendUserID: string): Promise<boolean> {
  const [deleted] = await db.batch([
    db.delete(friend).where(isFriend(ownerUserID, friendUserID)).returning({ userID: friend.friendUserID }),
    ...bumpStatements(db, 'friend', ownerUserID, [{ elementID: friendUserID, state: ChangeState.Delete }]),
  ])
  return deleted.length > 0
}

export type FriendChanges = Partial<Pick<FriendRow, 'remark' | 'isPinned' | 'ex'>>

/** Changes entries of one list; its version increases by 1. Pinning and unpinning change the order of the list too. */
export async function updateFriends(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
  changes: FriendChanges,
): Promise<void> {
  const sorted = changes.isPinned === undefined ? [] : [SORT_MARKER]
  const changed = [...friendUserIDs, ...sorted].map((elementID) => ({ elementID, state: ChangeState.Update }))
  await db.batch([
    db
      .update(friend)
      .set(changes)
      .where(and(eq(friend.ownerUserID, ownerUserID), isAmong(friend.friendUserID, friendUserIDs))),
    ...bumpStatements(db, 'friend', ownerUserID, changed),
  ])
}
