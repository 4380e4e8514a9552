import { and, asc, count, eq, getTableColumns, gte, inArray, lte, notInArray, or, type SQL } from 'drizzle-orm'
import { containsIgnoringCase } from '../../../platform/storage/case-insensitive-search.ts'
import { chunked, type Database, isAmong } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { type UserRow, user } from '../tables.ts'

/** The rows of the given users, in the given order; users who are not registered are left out. */
export async function findUsers(db: Database, userIDs: readonly string[]): Promise<UserRow[]> {
  if (userIDs.length === 0) return []
  const rows = await db.select().from(user).where(isAmong(user.userID, userIDs))
  const found = new Map(rows.map((row) => [row.userID, row]))
  return [...new Set(userIDs)].flatMap((userID) => found.get(userID) ?? [])
}

export async function findUser(db: Database, userID: string): Promise<UserRow | null> {
  const [row] = await db.select().from(user).where(eq(user.userID, userID))
  return row ?? null
}

/** The given userIDs that are registered. */
export async function registeredAmong(db: Database, userIDs: readonly string[]): Promise<Set<string>> {
  const [first, ...rest] = chunked([...new Set(userIDs)]).map((part) =>
    db.select({ userID: user.userID }).from(user).where(inArray(user.userID, part)),
  )
  if (!first) return new Set()
  const found = await db.batch([first, ...rest])
  return new Set(found.flat().map((row) => row.userID))
}

const COLUMNS = Object.keys(getTableColumns(user)).length

/** Inserts all of the users, or none: if one userID exists, the whole batch fails with SQLite's uniqueness error. */
export async function insertUsers(db: Database, rows: readonly UserRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, COLUMNS).map((part) => db.insert(user).values(part))
  if (first) await db.batch([first, ...rest])
}

/** @returns whether the userID was free */
export async function insertUserIfAbsent(db: Database, row: UserRow): Promise<boolean> {
  const inserted = await db.insert(user).values(row).onConflictDoNothing().returning({ userID: user.userID })
  return inserted.length > 0
}

/** @returns whether the user exists */
export async function updateUser(db: Database, userID: string, changes: Partial<UserRow>): Promise<boolean> {
  const updated = await db.update(user).set(changes).where(eq(user.userID, userID)).returning({ userID: user.userID })
  return updated.length > 0
}

/** A page of the userIDs of all accounts of every level, in alphabetical order. */
export async function userIDPage(db: Database, window: PageWindow): Promise<{ total: number; userIDs: string[] }> {
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(user),
    db.select({ userID: user.userID }).from(user).orderBy(asc(user.userID)).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, userIDs: rows.map((row) => row.userID) }
}

/**
 * Users up to a level whose userID or nickname contains a text; without a text ("" twice), all users up to the level.
 */
export async function searchPage(
  db: Database,
  wanted: { maxLevel: number; userID: string; nickname: string },
  window: PageWindow,
): Promise<{ total: number; rows: UserRow[] }> {
  const texts = [
    ...(wanted.userID === '' ? [] : [containsIgnoringCase(user.userID, wanted.userID)]),
    ...(wanted.nickname === '' ? [] : [containsIgnoringCase(user.nickname, wanted.nickname)]),
  ]
  return userPage(db, and(lte(user.appMangerLevel, wanted.maxLevel), or(...texts)), asc(user.userID), window)
}

/** Accounts of at least `minLevel` and, unless null, of exactly `level`, without the excepted userIDs; oldest first. */
export async function accountPage(
  db: Database,
  wanted: { minLevel: number; level: number | null; except: readonly string[]; userID?: string; nickname?: string },
  window: PageWindow,
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
  window: PageWindow,
): Promise<{ total: number; rows: UserRow[] }> {
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(user).where(where),
    db.select().from(user).where(where).orderBy(order, asc(user.userID)).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}
