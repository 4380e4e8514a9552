import { and, asc, count, eq, inArray } from 'drizzle-orm'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { ChangeState } from '../../../sync/compute-delta.ts'
import { bumpStatements } from '../../../sync/version-store.ts'
import { type UserRow, user } from '../../user/tables.ts'
import { type BlackRow, black } from '../tables.ts'

export interface BlackWithUser {
  black: BlackRow
  user: UserRow
}

export async function blackPage(
  db: Database,
  ownerUserID: string,
  window: PageWindow,
): Promise<{ total: number; rows: BlackWithUser[] }> {
  // No batch: it returns rows as objects keyed by column name, and the joined tables share some column names.
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

/** The given users who are in the owner's block list, in the given order. */
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

/** Adds an entry to a block list. An existing entry keeps its time and gets the new `ex`. */
export async function putBlack(db: Database, row: BlackRow): Promise<void> {
  await db.batch([
    db
      .insert(black)
      .values(row)
      .onConflictDoUpdate({ target: [black.ownerUserID, black.blackUserID], set: { ex: row.ex } }),
    ...bumpStatements(db, 'black', row.ownerUserID, [{ elementID: row.blackUserID, state: ChangeState.Insert }]),
  ])
}

/** @returns false when another call removed the entry before */
export async function deleteBlack(db: Database, ownerUserID: string, blackUserID: string): Promise<boolean> {
  const [deleted] = await db.batch([
    db
      .delete(black)
      .where(and(eq(black.ownerUserID, ownerUserID), eq(black.blackUserID, blackUserID)))
      .returning({ userID: black.blackUserID }),
    ...bumpStatements(db, 'black', ownerUserID, [{ elementID: blackUserID, state: ChangeState.Delete }]),
  ])
  return deleted.length > 0
}
