import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
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

/** Runs the work with an object's storage whose schema has version 0. */
function inNewStorage(name: string, work: (storage: DurableObjectStorage) => void): Promise<void> {
  return runInDurableObject(bindings.METRICS.getByName(name), (_object, { storage }) => {
    storage.sql.exec('DROP TABLE schema_version')
    work(storage)
  })
}

describe('migrate', () => {
  it('migrates an empty schema to the last version, and returns the row of the wake query', () =>
    inNewStorage('new', (storage) => {
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
    }))

  it.each([1, 2])('applies the missing steps to a schema of version %i, and keeps its rows', (version) =>
    inNewStorage(`old ${version}`, (storage) => {
      migrate(storage, STEPS.slice(0, version))
      storage.sql.exec("INSERT INTO fruit (name) VALUES ('apple')")
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
      expect(storage.sql.exec('SELECT name, colour FROM fruit').toArray()).toEqual([{ name: 'apple', colour: null }])
    }),
  )

  it('reads a current schema in one statement, and writes nothing', () =>
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
