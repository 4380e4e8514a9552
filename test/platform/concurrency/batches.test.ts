import { describe, expect, it } from 'vitest'
import { inBatches } from '../../../src/platform/concurrency/batches.ts'

const limits = { maxItems: 3, maxBytes: 10 }
const batches = (...sizes: number[]) => inBatches(sizes, (size) => size, limits)

describe('inBatches', () => {
  it('fills each batch up to the limits of items and bytes, in order', () => {
    expect(batches(1, 1, 1, 1)).toEqual([[1, 1, 1], [1]])
    expect(batches(6, 4, 1)).toEqual([[6, 4], [1]])
    expect(batches(6, 5)).toEqual([[6], [5]])
  })

  it('puts an item that is larger than a batch into a batch of its own', () => {
    expect(batches(1, 11, 1)).toEqual([[1], [11], [1]])
  })

  it('returns no batch when there are no items', () => {
    expect(batches()).toEqual([])
  })
})
