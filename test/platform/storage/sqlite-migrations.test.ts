import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { conversationMigrations } from '../../../src/objects/conversation/migrations.ts'
import { metricsMigrations } from '../../../src/objects/metrics/migrations.ts'
import { relayMigrations } from '../../../src/objects/relay/migrations.ts'
import { userMigrations } from '../../../src/objects/user/migrations.ts'
import { migrate } from '../../../src/platform/storage/sqlite-migrations.ts'
import { bindings } from '../../rigs/rig.ts'

const STEPS = [
  'CREATE TABLE fruit (name TEXT PRIMARY KEY) WITHOUT ROWID',
  'ALTER TABLE fruit ADD COLUMN colour TEXT',
  'CREATE TABLE basket (size INTEGER)',
]

interface Wake extends Record<string, SqlStorageValue> {
  version: number
  reds: number
  baskets: number
}

const WAKE = `
  SELECT version, (SELECT count(*) FROM fruit WHERE colour = 'red') AS reds, (SELECT count(*) FROM basket) AS baskets
  FROM schema_version`

/** Runs the work with the storage of an object in which no migration has run: its schema has version 0. */
function inNewStorage(name: string, work: (storage: DurableObjectStorage) => void): Promise<void> {
  return runInDurableObject(bindings.METRICS.getByName(name), (_object, { storage }) => {
    storage.sql.exec('DROP TABLE schema_version')
    work(storage)
  })
}

/** Runs the work with the storage of an object that has no tables. */
function inEmptyStorage(name: string, work: (storage: DurableObjectStorage) => void): Promise<void> {
  return inNewStorage(name, (storage) => {
    for (const table of tablesOf(storage.sql)) storage.sql.exec(`DROP TABLE ${table}`)
    work(storage)
  })
}

function tablesOf(sql: SqlStorage): string[] {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
  return tables.toArray().flatMap(({ name }) => (name.startsWith('_cf_') || name.startsWith('sqlite_') ? [] : [name]))
}

/** Every table with its columns, its options and its number of rows. */
function columnsOf(sql: SqlStorage): unknown[] {
  return tablesOf(sql).map((table) => ({
    table,
    columns: sql.exec(`SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('${table}')`).toArray(),
    isWithoutRowid: /WITHOUT ROWID/.test(
      sql.exec<{ sql: string }>('SELECT sql FROM sqlite_master WHERE name = ?', table).one().sql,
    ),
    rows: sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).one().rows,
  }))
}

describe('migrate', () => {
  it('migrates an empty schema to the last version, and returns the row of the wake query', () =>
    inNewStorage('new', (storage) => {
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
    }))

  it.each([1, 2])('runs the missing steps on a schema of version %i, and keeps its rows', (version) =>
    inNewStorage(`old ${version}`, (storage) => {
      migrate(storage, STEPS.slice(0, version))
      storage.sql.exec("INSERT INTO fruit (name) VALUES ('apple')")
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
      expect(storage.sql.exec('SELECT name, colour FROM fruit').toArray()).toEqual([{ name: 'apple', colour: null }])
    }),
  )

  it('reads a current schema in one statement, and writes no row', () =>
    inNewStorage('current', (storage) => {
      migrate(storage, STEPS)
      storage.sql.exec("INSERT INTO fruit VALUES ('cherry', 'red')")
      const statements: string[] = []
      const exec = (statement: string) => {
        statements.push(statement)
        return storage.sql.exec(statement)
      }
      const recorded = { sql: { exec } } as unknown as DurableObjectStorage
      expect(migrate<Wake>(recorded, STEPS, WAKE)).toEqual({ version: 3, reds: 1, baskets: 0 })
      expect(statements).toEqual([WAKE])
    }))

  it.each([
    ['user', userMigrations],
    ['conversation', conversationMigrations],
    ['relay', relayMigrations],
    ['metrics', metricsMigrations],
  ])('gives later objects of kind %s the schema of the first one, with empty tables', async (kind, migrations) => {
    // A copy of the list is not known yet, so the first object runs every step.
    const steps = [...migrations]
    const schemas: unknown[] = []
    for (const which of ['first', 'second', 'third']) {
      await inEmptyStorage(`${kind} ${which}`, (storage) => {
        migrate(storage, steps)
        schemas.push(columnsOf(storage.sql))
      })
    }
    expect(schemas[0]).not.toEqual([])
    expect(schemas[1]).toEqual(schemas[0])
    expect(schemas[2]).toEqual(schemas[0])
  })

  it('refuses the schema of a later deployment', () =>
    inNewStorage('later', (storage) => {
      migrate(storage, [...STEPS, 'CREATE TABLE later (id INTEGER)'])
      expect(() => migrate<Wake>(storage, STEPS, WAKE)).toThrow('version 4, but this code only supports 3')
    }))

  it('throws the error of a wake query that is not valid SQL', () =>
    inNewStorage('wrong', (storage) => {
      migrate(storage, STEPS)
      expect(() => migrate(storage, STEPS, 'SELECT version FROM')).toThrow('incomplete input')
    }))
})
