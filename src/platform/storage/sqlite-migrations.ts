const CREATE =
  'CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)'

interface Version extends Record<string, SqlStorageValue> {
  version: number
}

const VERSION = 'SELECT version FROM schema_version'

/**
 * Brings an object's SQLite schema up to date. `steps` is append-only: step n is what version n + 1 adds.
 * Runs on every wake, so a schema that is current costs one read row and what else `wake` reads.
 * @param wake a statement for the version that also reads what the object would ask next: each statement more that a
 *   wake has to prepare takes a fortieth of a connect
 * @returns what that statement reads of the schema as it is now
 */
export function migrate<Row extends Version = Version>(
  storage: DurableObjectStorage,
  steps: readonly string[],
  wake: string = VERSION,
): Row {
  const { sql } = storage
  const found = read<Row>(sql, wake)
  const current = found?.version ?? read<Version>(sql, VERSION)?.version ?? 0
  if (current > steps.length) {
    // An older deployment woke an object that a newer one has written: serving it could corrupt what it does not know.
    throw new Error(`the object's schema is version ${current}, this code knows ${steps.length}`)
  }
  if (found && current === steps.length) return found
  storage.transactionSync(() => {
    if (current === 0) sql.exec(CREATE)
    for (const step of steps.slice(current)) sql.exec(step)
    sql.exec('INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)', steps.length)
  })
  return sql.exec<Row>(wake).one()
}

/** Null when there is none yet, or when the schema is too old for what is asked: making sure first would cost as much again. */
function read<Row extends Version>(sql: SqlStorage, statement: string): Row | null {
  try {
    const [row = null] = sql.exec<Row>(statement).toArray()
    return row
  } catch (error) {
    if (error instanceof Error && /no such (table|column)/.test(error.message)) return null
    throw error
  }
}
