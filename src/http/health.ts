import { type SQL, sql } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { configOf } from '../config/index.ts'
import type { Bindings } from '../env.ts'
import { openDatabase } from '../platform/storage/d1.ts'
import type { FileStore } from '../platform/storage/file-store.ts'
import { openR2Store } from '../platform/storage/r2-files.ts'
import { openS3Store } from '../platform/storage/s3-files.ts'
import { checkPushKeys, PushKeysError } from '../push/check-keys.ts'
import { Credentials } from '../push/credentials.ts'
import { metricsObject } from '../runtime/rpc/stubs.ts'
import { ALL_TABLES } from './all-tables.ts'

/** What a deployment stands on; each is asked for real. */
const PROBES: Record<string, (env: Bindings) => Promise<unknown>> = {
  database: findTables,
  files: (env) => filesOf(env).readSmall('readiness-probe'),
  objects: (env) => metricsObject(env).totals(),
  queues: (env) => Promise.all([env.PUSH_QUEUE, env.TRANSFER_QUEUE, env.WEBHOOK_QUEUE].map((queue) => queue.metrics())),
}

/** Where the files are: the bucket that is bound, or a store behind the S3 protocol, which has to take the keys. */
function filesOf(env: Bindings): FileStore {
  const { s3 } = configOf(env)
  return s3 ? openS3Store(s3) : openR2Store(env.FILES)
}

/** What only some deployments stand on. */
function probesOf(env: Bindings): typeof PROBES {
  const { push } = configOf(env)
  if (!push) return PROBES
  return { ...PROBES, push: () => checkPushKeys(push, new Credentials(openDatabase(env.DB), () => Date.now())) }
}

/**
 * Whether the service can do its work: `ready`, and per part `ok` or the reason why not. That the settings are valid
 * was seen before: without that nothing is served.
 */
export async function readiness(env: Bindings): Promise<{ ready: boolean; parts: Record<string, string> }> {
  const parts = await Promise.all(
    Object.entries(probesOf(env)).map(async ([name, probe]) => {
      const state = await probe(env).then(
        () => 'ok',
        (error: unknown) =>
          error instanceof NotMigrated || error instanceof PushKeysError ? error.message : 'not available',
      )
      return [name, state] as const
    }),
  )
  return { ready: parts.every(([, state]) => state === 'ok'), parts: Object.fromEntries(parts) }
}

class NotMigrated extends Error {}

/** With the name of its table before it, a column that is not there cannot be taken for a text, as SQLite likes to. */
function askForNothing(table: SQLiteTable): SQL {
  const { name, columns } = getTableConfig(table)
  const qualified = columns.map((column) => sql`${sql.identifier(name)}.${sql.identifier(column.name)}`)
  return sql`SELECT ${sql.join(qualified, sql`, `)} FROM ${sql.identifier(name)} LIMIT 0`
}

/** Asks for every column of every table, and for no row: a database that lacks a migration lacks one of them. */
async function findTables(env: Bindings): Promise<void> {
  const db = openDatabase(env.DB)
  try {
    await Promise.all(ALL_TABLES.map((table) => db.run(askForNothing(table))))
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const found = /no such (table|column): [\w.]+/.exec(String(cause))
    throw found ? new NotMigrated(`not migrated: ${found[0]}`) : error
  }
}
