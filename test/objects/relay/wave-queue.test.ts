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

/** Lanes whose calls end when they are told to; `calls` has them in the order they began. */
function lanes() {
  const calls: { userID: string; seq: number; end(reached: boolean): void }[] = []
  const made = new WaveQueue((userID, { messages }) => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    calls.push({ userID, seq: messages[0]?.seq ?? 0, end: resolve })
    return promise
  })
  return { lanes: made, calls }
}

describe("the lanes of a relay's members", () => {
  it('answer whether each was reached', async () => {
    const { lanes: made, calls } = lanes()
    const answers = Promise.all([made.deliver('ida', wave(1)), made.deliver('jan', wave(1))])
    calls[0]?.end(true)
    calls[1]?.end(false)
    expect(await answers).toEqual([true, false])
  })

  it('have one call at a time each, in the order of the waves', async () => {
    const { lanes: made, calls } = lanes()
    const answers = Promise.all([1, 2].map((seq) => made.deliver('ida', wave(seq))))
    expect(calls).toHaveLength(1)
    calls[0]?.end(false)
    await until(() => calls.length === 2)
    calls[1]?.end(true)
    expect(await answers).toEqual([false, true])
    expect(calls.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('keep waves for whoever is late without anybody waiting, but not without end', async () => {
    const { lanes: made, calls } = lanes()
    expect(await made.deliver('ida', wave(1))).toBe(false)
    for (let seq = 2; seq <= 60; seq++) expect(await made.deliver('ida', wave(seq))).toBe(false)
    for (let i = 0; i < 50; i++) {
      await until(() => calls.length === i + 1)
      calls[i]?.end(true)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(calls.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    // All that was kept is handed over: the next wave is waited for again.
    const next = made.deliver('ida', wave(61))
    calls[50]?.end(true)
    expect(await next).toBe(true)
  })
})
