import { describe, expect, it } from 'vitest'
import { withinBudget } from '../../../src/platform/concurrency/within-budget.ts'

/** Reads items that cost what they say, or no more than their share when `obeys` is set. */
function readAll(costs: number[], budget: number, { maxParallel = 2, obeys = false } = {}) {
  return withinBudget(costs, { budget, maxParallel }, async (cost, share) => {
    const spent = obeys ? Math.min(cost, share) : cost
    return { result: spent, cost: spent }
  })
}

describe('withinBudget', () => {
  it('reads every item when the budget is enough', async () => {
    expect(await readAll([10, 20, 30], 100)).toEqual([10, 20, 30])
    expect(await readAll([], 100)).toEqual([])
  })

  it('reads no further item once the budget is spent', async () => {
    expect(await readAll([50, 60, 10, 10], 100, { maxParallel: 1 })).toEqual([50, 60, null, null])
  })

  it('leaves an equal share for the items that follow', async () => {
    const results = await readAll([1_000, 1_000, 5, 5], 100, { maxParallel: 1, obeys: true })
    expect(results).toEqual([25, 25, 5, 5])
  })

  it('gives the later items what the earlier ones did not spend', async () => {
    expect(await readAll([1, 1, 1_000], 90, { maxParallel: 1, obeys: true })).toEqual([1, 1, 88])
  })

  it('rejects with the first failure', async () => {
    const failing = withinBudget([1], { budget: 9, maxParallel: 1 }, () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
  })
})
