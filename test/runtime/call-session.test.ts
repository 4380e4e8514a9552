import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Outcome } from '../../src/contracts/outcome.ts'
import type { Delivery, UserRpc } from '../../src/contracts/user.ts'
import { createObjectClient } from '../../src/runtime/rpc/object-client.ts'
import { bindings } from '../rigs/rig.ts'

interface Target {
  often(n: number): Promise<number>
  seldom(n: number): Promise<number>
}

type Way = 'plain' | 'session'

/** An object whose stub and sessions note how they were called. */
function target({ fails = () => false }: { fails?: (way: Way, n: number) => unknown } = {}) {
  const calls: { way: Way; n: number }[] = []
  let opened = 0
  let ended = 0
  const call = (way: Way) => async (n: number) => {
    calls.push({ way, n })
    const error = fails(way, n)
    if (error) throw error
    return { ok: true, value: n * 10 } satisfies Outcome<number>
  }
  const stub = {
    often: call('plain'),
    seldom: call('plain'),
    openCallSession() {
      opened++
      const session = { often: call('session'), [Symbol.dispose]: () => void ended++ }
      // As the runtime's promises do: calls are made on it before it has come.
      return Object.assign(Promise.resolve(session), { often: session.often })
    },
  }
  const client = createObjectClient<Target>(() => stub, ['often'])
  return { client, calls, ways: () => calls.map(({ way }) => way), sessions: () => ({ opened, ended }) }
}

// The clock stands still unless a test moves it: a machine that is busy makes no pauses.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

async function callOften(client: Target, times: number): Promise<number[]> {
  const answers: number[] = []
  for (let n = 0; n < times; n++) answers.push(await client.often(n))
  return answers
}

describe('calls in a row', () => {
  it('go in a session from the fourth on, and are answered the same', async () => {
    const { client, ways, sessions } = target()
    expect(await callOften(client, 6)).toEqual([0, 10, 20, 30, 40, 50])
    expect(ways()).toEqual(['plain', 'plain', 'plain', 'session', 'session', 'session'])
    expect(sessions().opened).toBe(1)
  })

  it('do so only where the method is a frequent one', async () => {
    const { client, ways, sessions } = target()
    for (let n = 0; n < 6; n++) await client.seldom(n)
    expect(new Set(ways())).toEqual(new Set(['plain']))
    expect(sessions().opened).toBe(0)
  })

  it('do not when there is a pause between them', async () => {
    const { client, ways } = target()
    for (let n = 0; n < 5; n++) {
      await client.often(n)
      vi.setSystemTime(Date.now() + 100)
    }
    expect(new Set(ways())).toEqual(new Set(['plain']))
  })

  it('end the session when they cease', async () => {
    const { client, sessions } = target()
    await callOften(client, 5)
    await expect.poll(sessions, { timeout: 5_000 }).toEqual({ opened: 1, ended: 1 })
  })

  it('begin another session after so many', async () => {
    const { client, sessions } = target()
    await callOften(client, 204)
    expect(sessions()).toEqual({ opened: 2, ended: 1 })
  })
})

describe('a session that breaks', () => {
  it('costs no call: it is made again without one', async () => {
    const { client, ways, sessions } = target({ fails: (way, n) => way === 'session' && n === 4 && new Error('reset') })
    expect(await callOften(client, 6)).toEqual([0, 10, 20, 30, 40, 50])
    expect(ways()).toEqual(['plain', 'plain', 'plain', 'session', 'session', 'plain', 'session'])
    expect(sessions()).toEqual({ opened: 2, ended: 1 })
  })

  it('is not made up for when the object is overloaded', async () => {
    const overloaded = Object.assign(new Error('busy'), { overloaded: true })
    const { client, calls } = target({ fails: (_way, n) => n === 4 && overloaded })
    await expect(callOften(client, 6)).rejects.toThrow('busy')
    expect(calls).toHaveLength(5)
  })
})

describe('a call without a session', () => {
  it('is made once more when the runtime calls the fault passing, and not otherwise', async () => {
    let faults = 1
    const passing = Object.assign(new Error('moved'), { retryable: true })
    const { client } = target({ fails: () => faults-- > 0 && passing })
    expect(await client.seldom(7)).toBe(70)
    const broken = target({ fails: () => new Error('broken') })
    await expect(broken.client.seldom(7)).rejects.toThrow('broken')
    expect(broken.calls).toHaveLength(1)
  })
})

describe('an object of the service', () => {
  it('takes the calls of a session as it takes others', async () => {
    const stub = bindings.USER.getByName('called-often')
    let plain = 0
    const user = createObjectClient<Pick<UserRpc, 'deliver'>>(
      () => ({
        deliver(delivery: Delivery) {
          plain++
          return stub.deliver(delivery)
        },
        openCallSession: () => stub.openCallSession(),
      }),
      ['deliver'],
    )
    const about = { sessionType: 1, peerUserID: 'bob', groupID: '' }
    const conversationID = 'si_bob_called-often'
    for (let seq = 1; seq <= 8; seq++) {
      const messages = [{ seq, sendTime: seq, sendID: 'bob', operationID: 'op', msg: new Uint8Array(8) }]
      expect(await user.deliver({ conversationID, home: conversationID, about, messages })).toBe('marked')
    }
    expect(plain).toBe(3)
    expect((await stub.conversations(null)).ok).toBe(true)
  })
})
