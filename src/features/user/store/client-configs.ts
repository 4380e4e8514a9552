import { and, asc, count, eq, inArray, sql } from 'drizzle-orm'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import { type ClientConfigRow, clientConfig } from '../tables.ts'
import type { Window } from './users.ts'

/** The settings of several owners at once. */
export function findClientConfigs(db: Database, userIDs: readonly string[]): Promise<ClientConfigRow[]> {
  return db
    .select()
    .from(clientConfig)
    .where(inArray(clientConfig.userID, [...userIDs]))
}

/** All or none. */
export async function putClientConfigs(db: Database, rows: readonly ClientConfigRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, 3).map((part) =>
    db
      .insert(clientConfig)
      .values(part)
      .onConflictDoUpdate({
        target: [clientConfig.userID, clientConfig.key],
        set: { value: sql`excluded.value` },
      }),
  )
  if (first) await db.batch([first, ...rest])
}

/** All or none; keys that are not there are no fault. */
export async function deleteClientConfigs(db: Database, userID: string, keys: readonly string[]): Promise<void> {
  const [first, ...rest] = chunked(keys).map((part) =>
    db.delete(clientConfig).where(and(eq(clientConfig.userID, userID), inArray(clientConfig.key, part))),
  )
  if (first) await db.batch([first, ...rest])
}

/** One owner's settings, or everybody's; of one key, or of all: "" does not narrow. */
export async function clientConfigPage(
  db: Database,
  wanted: { userID: string; key: string },
  window: Window,
): Promise<{ total: number; rows: ClientConfigRow[] }> {
  const where = and(
    wanted.userID === '' ? undefined : eq(clientConfig.userID, wanted.userID),
    wanted.key === '' ? undefined : eq(clientConfig.key, wanted.key),
  )
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(clientConfig).where(where),
    db
      .select()
      .from(clientConfig)
      .where(where)
      .orderBy(asc(clientConfig.userID), asc(clientConfig.key))
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}
