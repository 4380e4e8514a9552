import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../../src/platform/concurrency/backoff.ts'

describe('backoffMs', () => {
  it.each([
    [1, 100],
    [2, 400],
    [3, 1_600],
  ])('spreads the pause after try %i around %i ms', (tries, middleMs) => {
    for (let i = 0; i < 100; i++) {
      const pause = backoffMs(tries, { firstMs: 100, factor: 4 })
      expect(pause).toBeGreaterThanOrEqual(middleMs * 0.5)
      expect(pause).toBeLessThan(middleMs * 1.5)
    }
  })

  it('doubles the pause by default, and does not exceed the limit', () => {
    expect(backoffMs(2, { firstMs: 100 })).toBeLessThan(300)
    expect(backoffMs(30, { firstMs: 100, maxMs: 1_000 })).toBeLessThan(1_500)
  })
})
