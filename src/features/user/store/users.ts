import { and, asc, count, eq, gte, inArray, lte, notInArray, or, type SQL } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import { type UserRow, user } from '../tables.ts'

/** Rows to skip and to take. */
export interface Window {
  offset: number
  limit: number
}

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

/** Those of the given IDs that somebody is registered under. */
export async function registeredAmong(db: Database, userIDs: readonly string[]): Promise<Set<string>> {
  const [first, ...rest] = chunked([...new Set(userIDs)]).map((part) =>
    db.select({ userID: user.userID }).from(user).where(inArray(user.userID, part)),
  )
  if (!first) return new Set()
  const found = await db.batch([first, ...rest])
  return new Set(found.flat().map((row) => row.userID))
}

/** All or none: a single existing ID makes the whole batch fail with SQLite's uniqueness error. */
export async function insertUsers(db: Database, rows: readonly UserRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, 7).map((part) => db.insert(user).values(part))
  if (first) await db.batch([first, ...rest])
}

/** @returns whether the ID was free */
export async function insertUserIfAbsent(db: Database, row: UserRow): Promise<boolean> {
  const inserted = await db.insert(user).values(row).onConflictDoNothing().returning({ userID: user.userID })
  return inserted.length > 0
}

/** @returns whether the user exists */
export async function updateUser(db: Database, userID: string, changes: Partial<UserRow>): Promise<boolean> {
  const updated = await db.update(user).set(changes).where(eq(user.userID, userID)).returning({ userID: user.userID })
  return updated.length > 0
}

/** All users, whatever their level, in the order of their IDs. */
export async function userIDPage(db: Database, window: Window): Promise<{ total: number; userIDs: string[] }> {
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(user),
    db.select({ userID: user.userID }).from(user).orderBy(asc(user.userID)).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, userIDs: rows.map((row) => row.userID) }
}

/** Users up to a level whose ID or nickname contains a text; an empty text asks for nothing. */
export async function searchPage(
  db: Database,
  wanted: { maxLevel: number; userID: string; nickname: string },
  window: Window,
): Promise<{ total: number; rows: UserRow[] }> {
  const texts = [
    ...(wanted.userID === '' ? [] : [containsIgnoringCase(user.userID, wanted.userID)]),
    ...(wanted.nickname === '' ? [] : [containsIgnoringCase(user.nickname, wanted.nickname)]),
  ]
  return userPage(db, and(lte(user.appMangerLevel, wanted.maxLevel), or(...texts)), asc(user.userID), window)
}

/** Accounts of the app from a level on (or of exactly one), but for those IDs; oldest first. */
export async function accountPage(
  db: Database,
  wanted: { minLevel: number; level: number | null; except: readonly string[]; userID?: string; nickname?: string },
  window: Window,
): Promise<{ total: number; rows: UserRow[] }> {
  const { minLevel, level, except, userID, nickname } = wanted
  const where = and(
    gte(user.appMangerLevel, minLevel),
    level === null ? undefined : eq(user.appMangerLevel, level),
    notInArray(user.userID, [...except]),
    userID === undefined ? undefined : eq(user.userID, userID),
    nickname === undefined ? undefined : eq(user.nickname, nickname),
  )
  return userPage(db, where, asc(user.createTime), window)
}

async function userPage(
  db: Database,
  where: SQL | undefined,
  order: SQL,
  window: Window,
): Promise<{ total: number; rows: UserRow[] }> {
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(user).where(where),
    db.select().from(user).where(where).orderBy(order, asc(user.userID)).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}
