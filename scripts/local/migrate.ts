import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, ROOT } from './settings.ts'
import { importWrangler } from './wrangler.ts'

const MIGRATIONS_DIR = join(ROOT, 'migrations')

/** The table in which wrangler records migrations, so that `wrangler d1 migrations list` knows the ones applied here. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** The names of all migrations, oldest first. */
export function listMigrations(): string[] {
  if (!existsSync(MIGRATIONS_DIR)) return []
  return readdirSync(MIGRATIONS_DIR)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}

/**
 * Migrates the local D1 database before the server starts, with a Miniflare that has no Worker and no port. The names of
 * the applied migrations are stored next to the database, so that later starts do not need this Miniflare.
 */
export async function migrate(persistDir: string, databaseID: string): Promise<void> {
  const appliedFile = join(persistDir, 'd1', 'migrated.json')
  const wanted = JSON.stringify(listMigrations())
  if (existsSync(appliedFile) ? readFileSync(appliedFile, 'utf8') === wanted : wanted === '[]') return

  const { convertV4MiniflareOptions, Miniflare } = await import('miniflare')
  const { unstable_splitSqlQuery: splitQueries } = await importWrangler()
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      cf: false,
      resourcePersistencePath: persistDir,
      d1Databases: { DB: databaseID },
    }),
  )
  try {
    const db = await miniflare.getD1Database('DB')
    await db.prepare(MIGRATIONS_TABLE).run()
    const applied = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
    const done = new Set(applied.results.map((row) => row.name))
    for (const name of listMigrations()) {
      if (done.has(name)) continue
      const queries = splitQueries(readFileSync(join(MIGRATIONS_DIR, name), 'utf8'))
      const record = db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)
      // One batch is one transaction, so a migration that fails halfway changes nothing.
      await db.batch([...queries.map((query) => db.prepare(query)), record]).catch((error: Error) => {
        throw new Refusal(`The migration ${name} failed: ${error.message}`)
      })
    }
  } finally {
    await miniflare.dispose()
  }
  mkdirSync(join(persistDir, 'd1'), { recursive: true })
  writeFileSync(appliedFile, wanted)
}
