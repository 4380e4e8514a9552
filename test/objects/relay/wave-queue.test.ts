import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../../src/contracts/user.ts'
import { WaveQueue } from '../../../src/objects/relay/wave-queue.ts'
import { until } from '../../rigs/rig.ts'

const wave = (seq: number): Delivery => ({
  conversationID: 'sg_g',
  home: 'sg_g',
  about: { sessionType: 3, peerUserID: '', groupID: 'g' },
  messages: [{ seq, sendTime: seq, sendID: 'a', operationID: '', msg: new Uint8Array() }],
})

/** A WaveQueue whose calls end on demand; `calls` has them in the order in which they began. */
function queueOnDemand() {
  const calls: { userID: string; seq: number; end(reached: boolean): void }[] = []
  const waves = new WaveQueue((userID, { messages }) => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    calls.push({ userID, seq: messages[0]?.seq ?? 0, end: resolve })
    return promise
  })
  return { waves, calls }
}

describe('WaveQueue', () => {
  it('answers for each member whether the wave reached the member', async () => {
    const { waves, calls } = queueOnDemand()
    const answers = Promise.all([waves.deliver('ida', wave(1)), waves.deliver('jan', wave(1))])
    calls[0]?.end(true)
    calls[1]?.end(false)
    expect(await answers).toEqual([true, false])
  })

  it('makes one call at a time per member, in the order of the waves', async () => {
    const { waves, calls } = queueOnDemand()
    const answers = Promise.all([1, 2].map((seq) => waves.deliver('ida', wave(seq))))
    expect(calls).toHaveLength(1)
    calls[0]?.end(false)
    await until(() => calls.length === 2)
    calls[1]?.end(true)
    expect(await answers).toEqual([false, true])
    expect(calls.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('keeps up to 50 waves for a late member without waiting for the member', async () => {
    const { waves, calls } = queueOnDemand()
    expect(await waves.deliver('ida', wave(1))).toBe(false)
    for (let seq = 2; seq <= 60; seq++) expect(await waves.deliver('ida', wave(seq))).toBe(false)
    for (let i = 0; i < 50; i++) {
      await until(() => calls.length === i + 1)
      calls[i]?.end(true)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(calls.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    // All kept waves are delivered: the queue waits for the member again.
    const next = waves.deliver('ida', wave(61))
    calls[50]?.end(true)
    expect(await next).toBe(true)
  })
})
