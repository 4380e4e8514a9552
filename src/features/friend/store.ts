import { and, asc, count, desc, eq, inArray, type SQL } from 'drizzle-orm'
import { chunked, type Database } from '../../platform/d1.ts'
import { type UserRow, user } from '../user/tables.ts'
import { type BlackRow, black, type FriendRow, friend } from './tables.ts'

export interface FriendWithUser {
  friend: FriendRow
  user: UserRow
}

export interface BlackWithUser {
  black: BlackRow
  user: UserRow
}

/** OpenIM's order of the list: pinned friends first, then in the order they were made. */
const FRIEND_ORDER: SQL[] = [desc(friend.isPinned), asc(friend.createTime), asc(friend.friendUserID)]

export async function friendPage(
  db: Database,
  ownerUserID: string,
  window: { offset: number; limit: number },
): Promise<{ total: number; rows: FriendWithUser[] }> {
  const [counted, rows] = await db.batch([
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

/** Those of the given users who are friends of the owner, in the order asked for. */
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

/** Whose friend lists hold this user. */
export async function ownersWithFriend(db: Database, friendUserID: string): Promise<string[]> {
  const rows = await db
    .select({ ownerUserID: friend.ownerUserID })
    .from(friend)
    .where(eq(friend.friendUserID, friendUserID))
  return rows.map((row) => row.ownerUserID)
}

export async function blackPage(
  db: Database,
  ownerUserID: string,
  window: { offset: number; limit: number },
): Promise<{ total: number; rows: BlackWithUser[] }> {
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(black).where(eq(black.ownerUserID, ownerUserID)),
    db
      .select()
      .from(black)
      .innerJoin(user, eq(user.userID, black.blackUserID))
      .where(eq(black.ownerUserID, ownerUserID))
      .orderBy(asc(black.createTime), asc(black.blackUserID))
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}
