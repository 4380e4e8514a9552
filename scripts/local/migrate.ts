import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, ROOT } from './settings.ts'
import { importWrangler } from './wrangler.ts'

const MIGRATIONS_DIR = join(ROOT, 'migrations')

/** wrangler's own bookkeeping, so that `wrangler d1 migrations list` and a deployment agree with what is done here. */
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** The migrations there are, oldest first. */
export function listMigrations(): string[] {
  if (!existsSync(MIGRATIONS_DIR)) return []
  return readdirSync(MIGRATIONS_DIR)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}

/**
 * Brings the local D1 database up to date before anything is served, with a Miniflare that has no Worker and no port.
 * What was applied is noted beside the database, which spares every later start that Miniflare.
 */
export async function migrate(persistDir: string, databaseID: string): Promise<void> {
  const note = join(persistDir, 'd1', 'migrated.json')
  const wanted = JSON.stringify(listMigrations())
  if (existsSync(note) ? readFileSync(note, 'utf8') === wanted : wanted === '[]') return

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
    await db.prepare(BOOKKEEPING).run()
    const applied = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
    const done = new Set(applied.results.map((row) => row.name))
    for (const name of listMigrations()) {
      if (done.has(name)) continue
      const queries = splitQueries(readFileSync(join(MIGRATIONS_DIR, name), 'utf8'))
      const note = db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)
      // One batch is one transaction: a migration that fails halfway leaves nothing of itself.
      await db.batch([...queries.map((query) => db.prepare(query)), note]).catch((error: Error) => {
        throw new Refusal(`The migration ${name} failed: ${error.message}`)
      })
    }
  } finally {
    await miniflare.dispose()
  }
  mkdirSync(join(persistDir, 'd1'), { recursive: true })
  writeFileSync(note, wanted)
}
