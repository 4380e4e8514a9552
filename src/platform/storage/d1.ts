import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database

/** A statement takes at most 100 bound parameters; lists longer than this go in several. */
const MAX_BOUND = 90

const opened = new WeakMap<D1Database, Database>()

export function openDatabase(binding: D1Database): Database {
  const known = opened.get(binding)
  if (known) return known
  const database = drizzle(binding)
  opened.set(binding, database)
  return database
}

/** Splits a list so that each part fits into one statement with `perItem` parameters an item. */
export function chunked<T>(items: readonly T[], perItem = 1): T[][] {
  const size = Math.max(1, Math.floor(MAX_BOUND / perItem))
  const parts: T[][] = []
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size))
  return parts
}

/** Whether a column has one of the values, any number of them: they are one parameter. */
export function isAmong(column: SQLWrapper, values: readonly (string | number)[]): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

/** SQLite's last word on statements: with the same values it never is another. Nobody's values stand around it. */
const REFUSAL = /^D1_TYPE_ERROR|^D1_ERROR: .*: SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)( \(extended: \w+\))?$/s

/**
 * Whether D1 has refused a batch for what it says: it is refused for ever, and nothing of it is written. An error of
 * another kind may pass, and may even have come after the batch was written.
 */
export function isPermanentError(error: unknown): boolean {
  return error instanceof Error && (REFUSAL.test(error.message) || isPermanentError(error.cause))
}
