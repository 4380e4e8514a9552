import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { migrate } from '../../src/platform/storage/sqlite-migrations.ts'
import { bindings } from '../rigs/rig.ts'

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

/** Storage that no step has touched. */
function inNewStorage(name: string, work: (storage: DurableObjectStorage) => void): Promise<void> {
  return runInDurableObject(bindings.METRICS.getByName(name), (_object, { storage }) => {
    storage.sql.exec('DROP TABLE schema_version')
    work(storage)
  })
}

describe('a schema', () => {
  it('of nothing is brought to the last version, in which the wake is read', () =>
    inNewStorage('new', (storage) => {
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
    }))

  it.each([1, 2])('of version %i gets what is missing and keeps what is there', (version) =>
    inNewStorage(`old ${version}`, (storage) => {
      migrate(storage, STEPS.slice(0, version))
      storage.sql.exec("INSERT INTO fruit (name) VALUES ('apple')")
      expect(migrate<Wake>(storage, STEPS, WAKE)).toEqual({ version: 3, reds: 0, baskets: 0 })
      expect(storage.sql.exec('SELECT name, colour FROM fruit').toArray()).toEqual([{ name: 'apple', colour: null }])
    }),
  )

  it('that is current is read in one statement, and nothing is written', () =>
    inNewStorage('current', (storage) => {
      migrate(storage, STEPS)
      storage.sql.exec("INSERT INTO fruit VALUES ('cherry', 'red')")
      const said: string[] = []
      const exec = (statement: string) => {
        said.push(statement)
        return storage.sql.exec(statement)
      }
      const watched = { sql: { exec } } as unknown as DurableObjectStorage
      expect(migrate<Wake>(watched, STEPS, WAKE)).toEqual({ version: 3, reds: 1, baskets: 0 })
      expect(said).toEqual([WAKE])
    }))

  it('of a later deployment is left alone', () =>
    inNewStorage('later', (storage) => {
      migrate(storage, [...STEPS, 'CREATE TABLE later (id INTEGER)'])
      expect(() => migrate<Wake>(storage, STEPS, WAKE)).toThrow('version 4, but this code only supports 3')
    }))

  it('that cannot be read for another reason says so', () =>
    inNewStorage('wrong', (storage) => {
      migrate(storage, STEPS)
      expect(() => migrate(storage, STEPS, 'SELECT version FROM')).toThrow('incomplete input')
    }))
})
