import { and, count, desc, gte, inArray, lt, lte, type SQL, sql } from 'drizzle-orm'
import { chunked, type Database } from '../../platform/storage/d1.ts'
import { type SdkLogRow, sdkLog } from './tables.ts'

const COLUMNS = 9

/** Inserts all rows or none. It fails when one of the logIDs exists already. */
export async function insertLogs(db: Database, rows: readonly SdkLogRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, COLUMNS).map((part) => db.insert(sdkLog).values(part))
  if (first) await db.batch([first, ...rest])
}

/** Answers which of the given logIDs exist. */
export async function existingLogIDs(db: Database, logIDs: readonly string[]): Promise<Set<string>> {
  const [first, ...rest] = chunked(logIDs).map((part) =>
    db.select({ logID: sdkLog.logID }).from(sdkLog).where(inArray(sdkLog.logID, part)),
  )
  if (!first) return new Set()
  const found = await db.batch([first, ...rest])
  return new Set(found.flat().map((row) => row.logID))
}

/** Deletes all of the given logs or none. */
export async function deleteLogs(db: Database, logIDs: readonly string[]): Promise<void> {
  const [first, ...rest] = chunked(logIDs).map((part) => db.delete(sdkLog).where(inArray(sdkLog.logID, part)))
  if (first) await db.batch([first, ...rest])
}

/**
 * One page of the logs of users whose userID contains the keyword, uploaded from `from` to `to` (ms, inclusive), newest
 * first.
 */
export async function logPage(
  db: Database,
  filter: { keyword: string; from: number; to: number },
  window: { offset: number; limit: number },
): Promise<{ total: number; rows: SdkLogRow[] }> {
  const where: SQL | undefined = and(
    gte(sdkLog.createTime, filter.from),
    lte(sdkLog.createTime, filter.to),
    filter.keyword === '' ? undefined : sql`instr(${sdkLog.userID}, ${filter.keyword}) > 0`,
  )
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(sdkLog).where(where),
    db
      .select()
      .from(sdkLog)
      .where(where)
      .orderBy(desc(sdkLog.createTime), desc(sdkLog.logID))
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/**
 * Deletes at most `limit` logs that were uploaded before `time` (ms), the oldest first.
 * @returns the number of deleted logs
 */
export async function deleteLogsBefore(db: Database, time: number, limit: number): Promise<number> {
  const oldest = db
    .select({ logID: sdkLog.logID })
    .from(sdkLog)
    .where(lt(sdkLog.createTime, time))
    .orderBy(sdkLog.createTime)
    .limit(limit)
  const deleted = await db.delete(sdkLog).where(inArray(sdkLog.logID, oldest)).returning({ logID: sdkLog.logID })
  return deleted.length
}
