import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isPermanentError } from '../../../src/platform/storage/d1.ts'
import { bindings } from '../../rigs/rig.ts'

const errorOf = (statement: string, ...values: unknown[]) =>
  bindings.DB.batch([bindings.DB.prepare(statement).bind(...values)]).then(
    () => null,
    (error: unknown) => error,
  )

describe('isPermanentError', () => {
  beforeAll(async () => {
    await bindings.DB.exec('CREATE TABLE small (id INTEGER PRIMARY KEY, word TEXT NOT NULL CHECK (length(word) < 5))')
  })
  afterAll(async () => {
    await bindings.DB.exec('DROP TABLE small')
  })

  it('is true for errors about the written values', async () => {
    const insert = 'INSERT INTO small (id, word) VALUES (?, ?)'
    expect(await errorOf(insert, 1, 'fits')).toBeNull()
    expect(isPermanentError(await errorOf(insert, 1, 'same'))).toBe(true)
    expect(isPermanentError(await errorOf(insert, 2, null))).toBe(true)
    expect(isPermanentError(await errorOf(insert, 3, 'too long'))).toBe(true)
    expect(isPermanentError(await errorOf(insert, 'not a number', 'word'))).toBe(true)
    expect(isPermanentError(new Error('D1_ERROR: string or blob too big: SQLITE_TOOBIG'))).toBe(true)
  })

  it('is false for other errors, whatever user data the message quotes', async () => {
    expect(isPermanentError(await errorOf('INSERT INTO missing (id) VALUES (?)', 1))).toBe(false)
    expect(isPermanentError(new Error('D1_ERROR: database is locked: SQLITE_BUSY'))).toBe(false)
    expect(isPermanentError(new Error('Network connection lost.'))).toBe(false)
    const query = 'Failed query: insert\nparams: D1_ERROR: a group named so: SQLITE_CONSTRAINT'
    expect(isPermanentError(new Error(query))).toBe(false)
    expect(isPermanentError(new Error(query, { cause: new Error('D1_ERROR: no: SQLITE_CONSTRAINT') }))).toBe(true)
  })
})
