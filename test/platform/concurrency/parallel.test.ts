import { describe, expect, it } from 'vitest'
import { sleep } from '../../../src/platform/concurrency/backoff.ts'
import { inParallel } from '../../../src/platform/concurrency/parallel.ts'

describe('inParallel', () => {
  it('works on at most the given number of items at a time, and returns results in their order', async () => {
    let running = 0
    let most = 0
    const doubled = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running)
      await sleep(item)
      running--
      return item * 2
    })
    expect(doubled).toEqual([10, 2, 8, 4, 6])
    expect(most).toBe(2)
  })

  it('rejects when the work for one item fails', async () => {
    const work = async (item: number) => {
      if (item === 2) throw new Error('two')
      return item
    }
    await expect(inParallel([1, 2, 3], 2, work)).rejects.toThrow('two')
    expect(await inParallel([], 2, work)).toEqual([])
  })
})
