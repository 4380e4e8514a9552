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

/** Checks of the services that every deployment uses; each check makes a real request. */
const PROBES: Record<string, (env: Bindings) => Promise<unknown>> = {
  database: checkTables,
  files: (env) => filesOf(env).readSmall('readiness-probe'),
  objects: (env) => metricsObject(env).totals(),
  queues: (env) => Promise.all([env.PUSH_QUEUE, env.TRANSFER_QUEUE, env.WEBHOOK_QUEUE].map((queue) => queue.metrics())),
}

/** The file store of the deployment: the bound bucket, or an S3 store, whose request also checks the access keys. */
function filesOf(env: Bindings): FileStore {
  const { s3 } = configOf(env)
  return s3 ? openS3Store(s3) : openR2Store(env.FILES)
}

/** All checks, with the check of the push keys in a deployment that has offline push. */
function probesOf(env: Bindings): typeof PROBES {
  const { push } = configOf(env)
  if (!push) return PROBES
  return { ...PROBES, push: () => checkPushKeys(push, new Credentials(openDatabase(env.DB), () => Date.now())) }
}

/**
 * Checks whether the service can work. Answers `ready`, and for each part `ok` or the reason. The settings are valid
 * here: with malformed ones the app refuses every request before this.
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

/**
 * Names every column of a table and reads no row. The columns are qualified with the table's name, because SQLite reads
 * an unknown quoted name as a string.
 */
function selectNoRows(table: SQLiteTable): SQL {
  const { name, columns } = getTableConfig(table)
  const qualified = columns.map((column) => sql`${sql.identifier(name)}.${sql.identifier(column.name)}`)
  return sql`SELECT ${sql.join(qualified, sql`, `)} FROM ${sql.identifier(name)} LIMIT 0`
}

/** Selects every column of every table: a database that lacks a migration lacks one of them. */
async function checkTables(env: Bindings): Promise<void> {
  const db = openDatabase(env.DB)
  try {
    await Promise.all(ALL_TABLES.map((table) => db.run(selectNoRows(table))))
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const found = /no such (table|column): [\w.]+/.exec(String(cause))
    throw found ? new NotMigrated(`not migrated: ${found[0]}`) : error
  }
}
