import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/platform/concurrency/backoff.ts'
import { Pace } from '../../src/platform/concurrency/pace.ts'

describe('Pace', () => {
  it('runs at most the given number of pieces at the same time, in order, and goes on after a failure', async () => {
    const pace = new Pace(2)
    const begun: number[] = []
    let running = 0
    let most = 0
    const work = async (i: number) => {
      begun.push(i)
      running++
      most = Math.max(most, running)
      await sleep(2)
      running--
      if (i === 1) throw new Error('failed')
      return i
    }
    const results = await Promise.allSettled([0, 1, 2, 3, 4].map((i) => pace.run(() => work(i))))
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
    expect({ begun, most }).toEqual({ begun: [0, 1, 2, 3, 4], most: 2 })
  })
})
