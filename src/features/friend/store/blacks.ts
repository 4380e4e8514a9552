import { and, asc, count, eq, inArray } from 'drizzle-orm'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import { bumpStatements } from '../../../sync/incremental.ts'
import { ChangeState } from '../../../sync/version-log.ts'
import { type UserRow, user } from '../../user/tables.ts'
import { type BlackRow, black } from '../tables.ts'
import type { Window } from './friends.ts'

export interface BlackWithUser {
  black: BlackRow
  user: UserRow
}

export async function blackPage(
  db: Database,
  ownerUserID: string,
  window: Window,
): Promise<{ total: number; rows: BlackWithUser[] }> {
  // Not one batch: there D1 gives rows by the names of their columns, and two tables have some names in common.
  const [counted, rows] = await Promise.all([
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

/** Those of the given users whom the owner has blocked, in the order asked for. */
export async function blacksAmong(
  db: Database,
  ownerUserID: string,
  userIDs: readonly string[],
): Promise<BlackWithUser[]> {
  const found = new Map<string, BlackWithUser>()
  for (const part of chunked([...new Set(userIDs)])) {
    const rows = await db
      .select()
      .from(black)
      .innerJoin(user, eq(user.userID, black.blackUserID))
      .where(and(eq(black.ownerUserID, ownerUserID), inArray(black.blackUserID, part)))
    for (const row of rows) found.set(row.black.blackUserID, row)
  }
  return userIDs.flatMap((userID) => found.get(userID) ?? [])
}

/** An entry that is there keeps its time and gets the new `ex`. */
export async function putBlack(db: Database, row: BlackRow): Promise<void> {
  await db.batch([
    db
      .insert(black)
      .values(row)
      .onConflictDoUpdate({ target: [black.ownerUserID, black.blackUserID], set: { ex: row.ex } }),
    ...bumpStatements(db, 'black', row.ownerUserID, [{ elementID: row.blackUserID, state: ChangeState.Insert }]),
  ])
}

export async function deleteBlack(db: Database, ownerUserID: string, blackUserID: string): Promise<void> {
  await db.batch([
    db.delete(black).where(and(eq(black.ownerUserID, ownerUserID), eq(black.blackUserID, blackUserID))),
    ...bumpStatements(db, 'black', ownerUserID, [{ elementID: blackUserID, state: ChangeState.Delete }]),
  ])
}
