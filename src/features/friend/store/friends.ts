import { and, asc, count, desc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import { bumpOwnersStatements, bumpStatements } from '../../../sync/incremental.ts'
import { ChangeState, SORT_MARKER } from '../../../sync/version-log.ts'
import { type UserRow, user } from '../../user/tables.ts'
import { type FriendRow, friend } from '../tables.ts'

export interface FriendWithUser {
  friend: FriendRow
  user: UserRow
}

/** Rows to skip and to take. */
export interface Window {
  offset: number
  limit: number
}

/** OpenIM's order of the list: pinned friends first, then in the order they were made. */
const FRIEND_ORDER: SQL[] = [desc(friend.isPinned), asc(friend.createTime), asc(friend.friendUserID)]

const isFriend = (ownerUserID: string, friendUserID: string) =>
  and(eq(friend.ownerUserID, ownerUserID), eq(friend.friendUserID, friendUserID))

export async function friendPage(
  db: Database,
  ownerUserID: string,
  window: Window,
): Promise<{ total: number; rows: FriendWithUser[] }> {
  // Not one batch: there D1 gives rows by the names of their columns, and two tables have some names in common.
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

/** Which of two users has the other in the list. */
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

/** How a friendship came about. */
export type Origin = Pick<FriendRow, 'createTime' | 'addSource' | 'operatorUserID'>

/**
 * The statements that put users and their new friend into each other's lists; an entry that is there stays as it is.
 * One step of the version in every list concerned, however many friends there are.
 * @param onlyIf where this does not hold, nobody comes into a list; the versions then step on with nothing new
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
    insertFriends(db, rows, onlyIf),
  ] as const
}

/** One statement for any number of entries: what D1 takes of bound values is soon used up. */
function insertFriends(db: Database, rows: readonly FriendRow[], onlyIf: SQL) {
  const field = (name: keyof FriendRow): SQL => sql`value ->> ${name}`
  return db
    .insert(friend)
    .select(
      sql`SELECT ${field('ownerUserID')}, ${field('friendUserID')}, ${field('remark')}, ${field('createTime')},
          ${field('addSource')}, ${field('operatorUserID')}, ${field('ex')}, ${field('isPinned')}
        FROM json_each(${JSON.stringify(rows)}) WHERE ${onlyIf}`,
    )
    .onConflictDoNothing()
}

export async function befriend(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
  origin: Origin,
): Promise<void> {
  await db.batch(befriendStatements(db, ownerUserID, friendUserIDs, origin))
}

/** Takes a friend out of the owner's list; the friend's own list stays. */
export async function deleteFriend(db: Database, ownerUserID: string, friendUserID: string): Promise<void> {
  await db.batch([
    db.delete(friend).where(isFriend(ownerUserID, friendUserID)),
    ...bumpStatements(db, 'friend', ownerUserID, [{ elementID: friendUserID, state: ChangeState.Delete }]),
  ])
}

export type FriendChanges = Partial<Pick<FriendRow, 'remark' | 'isPinned' | 'ex'>>

/** Changes entries of one list in one step of its version. A change of what is pinned changes the order, too. */
export async function updateFriends(
  db: Database,
  ownerUserID: string,
  friendUserIDs: readonly string[],
  changes: FriendChanges,
): Promise<void> {
  const sorted = changes.isPinned === undefined ? [] : [SORT_MARKER]
  const changed = [...friendUserIDs, ...sorted].map((elementID) => ({ elementID, state: ChangeState.Update }))
  const isOne = sql`${friend.friendUserID} IN (SELECT value FROM json_each(${JSON.stringify(friendUserIDs)}))`
  await db.batch([
    db
      .update(friend)
      .set(changes)
      .where(and(eq(friend.ownerUserID, ownerUserID), isOne)),
    ...bumpStatements(db, 'friend', ownerUserID, changed),
  ])
}
