import { expect, it } from 'vitest'
import { inParallel } from '../../src/platform/concurrency/parallel.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it('works on so many items at a time and answers in their order', async () => {
  let running = 0
  let most = 0
  const doubled = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, ++running)
    await pause(item)
    running--
    return item * 2
  })
  expect(doubled).toEqual([10, 2, 8, 4, 6])
  expect(most).toBe(2)
})

it('fails when one item fails', async () => {
  const work = async (item: number) => {
    if (item === 2) throw new Error('two')
    return item
  }
  await expect(inParallel([1, 2, 3], 2, work)).rejects.toThrow('two')
  expect(await inParallel([], 2, work)).toEqual([])
})
