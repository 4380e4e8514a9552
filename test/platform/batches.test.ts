import { expect, it } from 'vitest'
import { inBatches } from '../../src/platform/concurrency/batches.ts'

const limits = { maxItems: 3, maxBytes: 10 }
const batches = (...sizes: number[]) => inBatches(sizes, (size) => size, limits)

it('are as few as the limits of items and of bytes allow, in order', () => {
  expect(batches(1, 1, 1, 1)).toEqual([[1, 1, 1], [1]])
  expect(batches(6, 4, 1)).toEqual([[6, 4], [1]])
  expect(batches(6, 5)).toEqual([[6], [5]])
})

it('leave alone what is larger than a batch may be', () => {
  expect(batches(1, 11, 1)).toEqual([[1], [11], [1]])
})

it('are none of nothing', () => {
  expect(batches()).toEqual([])
})
