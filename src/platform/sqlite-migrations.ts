/**
 * Brings an object's SQLite schema up to date. `steps` is append-only: step n is what version n + 1 adds.
 * Runs on every wake, so a schema that is current costs one read row.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage
  sql.exec(
    'CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)',
  )
  const [row] = sql.exec<{ version: number }>('SELECT version FROM schema_version WHERE id = 1').toArray()
  const current = row?.version ?? 0
  if (current > steps.length) {
    // An older deployment woke an object that a newer one has written: serving it could corrupt what it does not know.
    throw new Error(`the object's schema is version ${current}, this code knows ${steps.length}`)
  }
  if (current === steps.length) return
  storage.transactionSync(() => {
    for (const step of steps.slice(current)) sql.exec(step)
    sql.exec('INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)', steps.length)
  })
}
