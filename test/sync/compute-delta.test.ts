import { describe, expect, it } from 'vitest'
import {
  type Change,
  ChangeState,
  deltaSince,
  MAX_DELTA,
  OWNER_MARKER,
  SORT_MARKER,
} from '../../src/sync/compute-delta.ts'

const head = { versionID: 'a1b2c3d4e5f6a1b2c3d4e5f6', version: 9 }
const { Insert, Delete, Update } = ChangeState

const ask = (given: Partial<typeof head>, changes: Change[] = []) =>
  deltaSince(head, { ...head, ...given }, (version, limit) =>
    changes.filter((change) => change.version > version).slice(0, limit),
  )

describe('deltaSince', () => {
  it.each([
    ['version 0', { version: 0 }],
    ['no version ID', { versionID: '' }],
    ['a version ID of zeros', { versionID: '0'.repeat(24) }],
    ['a malformed version ID', { versionID: 'xyz' }],
    ['the ID of another log', { versionID: 'ffffffffffffffffffffffff' }],
    ['a version from the future', { version: 10 }],
  ])('returns full to a reader with %s', async (_what, given) => {
    expect(await ask(given)).toMatchObject({ ...head, full: true, inserted: [], updated: [], deleted: [] })
  })

  it('returns an empty delta to a reader with the current version', async () => {
    expect(await ask({})).toEqual({
      ...head,
      full: false,
      inserted: [],
      updated: [],
      deleted: [],
      sortVersion: 0,
      ownerChanged: false,
    })
  })

  it('returns the changes since the reader’s version, sorted by their state', async () => {
    const delta = await ask({ version: 4 }, [
      { elementID: 'old', state: Insert, version: 4 },
      { elementID: 'in', state: Insert, version: 5 },
      { elementID: 'up', state: Update, version: 6 },
      { elementID: 'out', state: Delete, version: 8 },
      { elementID: OWNER_MARKER, state: Update, version: 8 },
      { elementID: SORT_MARKER, state: Update, version: 9 },
    ])
    expect(delta).toEqual({
      ...head,
      full: false,
      inserted: ['in'],
      updated: ['up'],
      deleted: ['out'],
      sortVersion: 9,
      ownerChanged: true,
    })
  })

  it('returns full when there are more changes than clients apply', async () => {
    const changes = (n: number) =>
      Array.from({ length: n }, (_, i): Change => ({ elementID: `e${i}`, state: Insert, version: 5 }))
    expect((await ask({ version: 4 }, changes(MAX_DELTA))).full).toBe(false)
    expect((await ask({ version: 4 }, changes(MAX_DELTA + 1))).full).toBe(true)
  })
})
