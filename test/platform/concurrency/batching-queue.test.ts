import { describe, expect, it } from 'vitest'
import { BatchingQueue } from '../../../src/platform/concurrency/batching-queue.ts'

/** A destination whose calls are answered by the test. */
function destination() {
  const calls: { items: number[]; finish: (results?: number[]) => void; fail: (error: Error) => void }[] = []
  const send = (items: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      calls.push({ items, finish: (results = items.map((n) => n * 10)) => resolve(results), fail: reject })
    })
  return { calls, send }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('BatchingQueue', () => {
  it('sends a single item at once, without waiting for more items', () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    void lane.push(1)
    expect(calls.map((call) => call.items)).toEqual([[1]])
  })

  it('sends items that arrive during a call together in the next call, in order', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    const results = Promise.all([lane.push(1), lane.push(2), lane.push(3)])
    calls[0]?.finish()
    await turn()
    expect(calls.map((call) => call.items)).toEqual([[1], [2, 3]])
    calls[1]?.finish()
    expect(await results).toEqual([10, 20, 30])
  })

  it('waits for one turn of the event loop only after a batch of several items', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    const pushed = [1, 2, 3].map((n) => lane.push(n))
    calls[0]?.finish()
    await turn()
    calls[1]?.finish()
    await Promise.all(pushed)
    expect(lane.isCrowded).toBe(true)
    pushed.push(lane.push(4))
    expect(calls).toHaveLength(2)
    await turn()
    expect(calls.at(-1)?.items).toEqual([4])
    calls[2]?.finish()
    await Promise.all(pushed)
    expect(lane.isCrowded).toBe(false)
    void lane.push(5)
    expect(calls.at(-1)?.items).toEqual([5])
  })

  it('sends at most its limit of items in one call', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 2)
    const pushed = [1, 2, 3, 4].map((n) => lane.push(n))
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => calls.length).toBe(i + 1)
      calls[i]?.finish()
    }
    expect(calls.map((call) => call.items)).toEqual([[1], [2, 3], [4]])
    await Promise.all(pushed)
  })

  it('rejects every item of a failed batch, and sends the next batch', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    const first = lane.push(1)
    const second = [lane.push(2), lane.push(3)]
    calls[0]?.finish()
    await first
    calls[1]?.fail(new Error('gone'))
    await expect(second[0]).rejects.toThrow('gone')
    await expect(second[1]).rejects.toThrow('gone')
    const third = lane.push(4)
    await expect.poll(() => calls.length).toBe(3)
    calls[2]?.finish()
    expect(await third).toBe(40)
  })

  it('rejects a batch whose number of results differs from its number of items', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    const pushed = lane.push(1)
    calls[0]?.finish([])
    await expect(pushed).rejects.toThrow('number of results differs')
  })

  it('is busy until all calls are answered', async () => {
    const { calls, send } = destination()
    const lane = new BatchingQueue(send, 10)
    const pushed = [lane.push(1), lane.push(2)]
    calls[0]?.finish()
    await turn()
    expect(lane.isBusy).toBe(true)
    calls[1]?.finish()
    await Promise.all(pushed)
    expect(lane.isBusy).toBe(false)
  })
})
