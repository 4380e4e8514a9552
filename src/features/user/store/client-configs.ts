import { and, asc, count, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import { chunked, type Database } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { type ClientConfigRow, clientConfig } from '../tables.ts'

/** The settings under the given userIDs. */
export function findClientConfigs(db: Database, userIDs: readonly string[]): Promise<ClientConfigRow[]> {
  return db
    .select()
    .from(clientConfig)
    .where(inArray(clientConfig.userID, [...userIDs]))
}

const COLUMNS = Object.keys(getTableColumns(clientConfig)).length

/** Stores all of the settings, or none when one fails. */
export async function putClientConfigs(db: Database, rows: readonly ClientConfigRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, COLUMNS).map((part) =>
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

/** Deletes all of the keys, or none when one fails; missing keys are no error. */
export async function deleteClientConfigs(db: Database, userID: string, keys: readonly string[]): Promise<void> {
  const [first, ...rest] = chunked(keys).map((part) =>
    db.delete(clientConfig).where(and(eq(clientConfig.userID, userID), inArray(clientConfig.key, part))),
  )
  if (first) await db.batch([first, ...rest])
}

/** A page of the settings with the given userID and key; "" matches every userID or key. */
export async function clientConfigPage(
  db: Database,
  wanted: { userID: string; key: string },
  window: PageWindow,
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
