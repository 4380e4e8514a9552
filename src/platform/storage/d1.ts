import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database

/** D1 accepts at most 100 bound parameters per statement; longer lists need several statements. */
const MAX_BOUND = 90

const opened = new WeakMap<D1Database, Database>()

export function openDatabase(binding: D1Database): Database {
  const known = opened.get(binding)
  if (known) return known
  const database = drizzle(binding)
  opened.set(binding, database)
  return database
}

/** Splits a list so that each part fits into one statement, with `perItem` parameters per item. */
export function chunked<T>(items: readonly T[], perItem = 1): T[][] {
  const size = Math.max(1, Math.floor(MAX_BOUND / perItem))
  const parts: T[][] = []
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size))
  return parts
}

/** The condition that a column has one of the values. The list is one parameter, so it can have any length. */
export function isAmong(column: SQLWrapper, values: readonly (string | number)[]): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
}

/**
 * Matches permanent SQLite errors (constraint, size, type): retrying the same statement cannot succeed. Anchored, so that
 * user data quoted in a message cannot match.
 */
const PERMANENT_ERROR = /^D1_TYPE_ERROR|^D1_ERROR: .*: SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)( \(extended: \w+\))?$/s

/**
 * Whether D1 refused a batch because of its content. Such a batch fails at every retry, and none of it is written. Any
 * other error may be temporary, and may even come after the batch was written.
 */
export function isPermanentError(error: unknown): boolean {
  return error instanceof Error && (PERMANENT_ERROR.test(error.message) || isPermanentError(error.cause))
}
