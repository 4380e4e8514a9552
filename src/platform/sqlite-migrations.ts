const CREATE =
  'CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)'

/**
 * Brings an object's SQLite schema up to date. `steps` is append-only: step n is what version n + 1 adds.
 * Runs on every wake, so a schema that is current costs one read row.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage
  const current = versionOf(sql)
  if (current > steps.length) {
    // An older deployment woke an object that a newer one has written: serving it could corrupt what it does not know.
    throw new Error(`the object's schema is version ${current}, this code knows ${steps.length}`)
  }
  if (current === steps.length) return
  storage.transactionSync(() => {
    if (current === 0) sql.exec(CREATE)
    for (const step of steps.slice(current)) sql.exec(step)
    sql.exec('INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)', steps.length)
  })
}

/** 0 = the object is new. Making sure of the table before asking for its row would take every wake as long again. */
function versionOf(sql: SqlStorage): number {
  try {
    const [row] = sql.exec<{ version: number }>('SELECT version FROM schema_version').toArray()
    return row?.version ?? 0
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such table')) return 0
    throw error
  }
}
