import { and, count, gte, lt, sql } from 'drizzle-orm'
import type { Database } from '../../platform/storage/d1.ts'
import { group } from '../group/tables.ts'
import { user } from '../user/tables.ts'

/** Counts of rows: all, those before a time range, and those of each day of the range. */
export interface CountPerDay {
  total: number
  before: number
  /** By day, `YYYY-MM-DD` in UTC; a day without rows is left out. */
  count: Record<string, number>
}

export const countUsersPerDay = (db: Database, start: number, end: number) => countPerDay(db, user, start, end)
export const countGroupsPerDay = (db: Database, start: number, end: number) => countPerDay(db, group, start, end)

async function countPerDay(
  db: Database,
  table: typeof user | typeof group,
  start: number,
  end: number,
): Promise<CountPerDay> {
  const { createTime } = table
  const day = sql<string>`date(${createTime} / 1000, 'unixepoch')`
  const [[all], [older], days] = await db.batch([
    db.select({ rows: count() }).from(table),
    db.select({ rows: count() }).from(table).where(lt(createTime, start)),
    db
      .select({ day, rows: count() })
      .from(table)
      .where(and(gte(createTime, start), lt(createTime, end)))
      .groupBy(day),
  ])
  return {
    total: all?.rows ?? 0,
    before: older?.rows ?? 0,
    count: Object.fromEntries(days.map((row) => [row.day, row.rows])),
  }
}
