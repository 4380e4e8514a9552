import { eq, inArray } from 'drizzle-orm'
import { chunked, type Database } from '../../platform/d1.ts'
import { type UserRow, user } from './tables.ts'

/** The rows of those IDs that exist, in the order asked for. */
export async function findUsers(db: Database, userIDs: readonly string[]): Promise<UserRow[]> {
  const found = new Map<string, UserRow>()
  for (const part of chunked([...new Set(userIDs)])) {
    for (const row of await db.select().from(user).where(inArray(user.userID, part))) found.set(row.userID, row)
  }
  return userIDs.flatMap((userID) => found.get(userID) ?? [])
}

export async function findUser(db: Database, userID: string): Promise<UserRow | null> {
  const [row] = await db.select().from(user).where(eq(user.userID, userID))
  return row ?? null
}

/** All or none: a single existing ID makes the whole batch fail with SQLite's uniqueness error. */
export async function insertUsers(db: Database, rows: readonly UserRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, 7).map((part) => db.insert(user).values(part))
  if (first) await db.batch([first, ...rest])
}

export async function insertUserIfAbsent(db: Database, row: UserRow): Promise<void> {
  await db.insert(user).values(row).onConflictDoNothing()
}

/** @returns whether the user exists */
export async function updateUser(db: Database, userID: string, changes: Partial<UserRow>): Promise<boolean> {
  const updated = await db.update(user).set(changes).where(eq(user.userID, userID)).returning({ userID: user.userID })
  return updated.length > 0
}
