const CREATE =
  'CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)'

interface Version extends Record<string, SqlStorageValue> {
  version: number
}

const VERSION = 'SELECT version FROM schema_version'

/**
 * Updates an object's SQLite schema. `steps` is append-only: step n (from 0) migrates to version n + 1. It runs at every
 * wake; for a current schema it costs one read row and the rows that `wakeQuery` reads.
 * @param wakeQuery selects the version, and the values that the object needs first: each further statement at a wake
 *   takes a fortieth of the time of a connect
 * @returns the row of `wakeQuery` in the current schema
 */
export function migrate<Row extends Version = Version>(
  storage: DurableObjectStorage,
  steps: readonly string[],
  wakeQuery: string = VERSION,
): Row {
  const { sql } = storage
  const found = read<Row>(sql, wakeQuery)
  const current = found?.version ?? read<Version>(sql, VERSION)?.version ?? 0
  if (current > steps.length) {
    // An older deployment woke an object that a newer one has migrated: serving it could corrupt the unknown data.
    throw new Error(`the object's schema has version ${current}, but this code only supports ${steps.length}`)
  }
  if (found && current === steps.length) return found
  storage.transactionSync(() => {
    if (current === 0) createSchema(sql, steps)
    else for (const step of steps.slice(current)) sql.exec(step)
    sql.exec('INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)', steps.length)
  })
  return sql.exec<Row>(wakeQuery).one()
}

/** The statements that create the last schema at once, by its steps; known after the first new object of an isolate. */
const schemas = new WeakMap<readonly string[], string>()

/**
 * Creates the schema of a new object. The first one in an isolate runs every step. The next ones run the statements that
 * SQLite kept for the result, which takes a third of the time. A step may therefore write rows only from existing rows.
 */
function createSchema(sql: SqlStorage, steps: readonly string[]): void {
  sql.exec(CREATE)
  const known = schemas.get(steps)
  if (known !== undefined) {
    sql.exec(known)
    return
  }
  const isEmpty = schemaStatements(sql).length === 0
  for (const step of steps) sql.exec(step)
  if (isEmpty) schemas.set(steps, schemaStatements(sql).join(';\n'))
}

/** The statements of all tables and indexes, without those of the runtime and the version's table. */
function schemaStatements(sql: SqlStorage): string[] {
  return sql
    .exec<{ sql: string }>(
      `SELECT sql FROM sqlite_master
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_cf!_%' ESCAPE '!'
          AND name <> 'schema_version' ORDER BY rowid`,
    )
    .toArray()
    .map((row) => row.sql)
}

/**
 * The first row of a statement. Null when the table is missing or too old for it: checking the schema first would cost as
 * much as the statement itself.
 */
function read<Row extends Version>(sql: SqlStorage, statement: string): Row | null {
  try {
    const [row = null] = sql.exec<Row>(statement).toArray()
    return row
  } catch (error) {
    if (error instanceof Error && /no such (table|column)/.test(error.message)) return null
    throw error
  }
}
