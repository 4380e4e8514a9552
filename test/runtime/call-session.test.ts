import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Outcome } from '../../src/contracts/outcome.ts'
import type { Delivery, UserRpc } from '../../src/contracts/user.ts'
import { createObjectClient } from '../../src/runtime/rpc/object-client.ts'
import { bindings } from '../rigs/rig.ts'

interface Target {
  often(n: number): Promise<number>
  seldom(n: number): Promise<number>
}

/** A call is made on the stub (`plain`) or in a session. */
type Path = 'plain' | 'session'

/** An object whose stub and sessions record how they were called. */
function target({ fails = () => false }: { fails?: (path: Path, n: number) => unknown } = {}) {
  const calls: { path: Path; n: number }[] = []
  let opened = 0
  let ended = 0
  const call = (path: Path) => async (n: number) => {
    calls.push({ path, n })
    const error = fails(path, n)
    if (error) throw error
    return { ok: true, value: n * 10 } satisfies Outcome<number>
  }
  const stub = {
    often: call('plain'),
    seldom: call('plain'),
    openCallSession() {
      opened++
      const session = { often: call('session'), [Symbol.dispose]: () => void ended++ }
      // Like a promise of the runtime, it accepts calls before it resolves.
      return Object.assign(Promise.resolve(session), { often: session.often })
    },
  }
  const client = createObjectClient<Target>(() => stub, ['often'])
  return { client, calls, paths: () => calls.map(({ path }) => path), sessions: () => ({ opened, ended }) }
}

// The clock stands still unless a test moves it, so that a slow machine adds no pauses between calls.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

async function callOften(client: Target, times: number): Promise<number[]> {
  const answers: number[] = []
  for (let n = 0; n < times; n++) answers.push(await client.often(n))
  return answers
}

describe('CallSession', () => {
  it('opens a session at the fourth call in a row, and returns the same answers as the stub', async () => {
    const { client, paths, sessions } = target()
    expect(await callOften(client, 6)).toEqual([0, 10, 20, 30, 40, 50])
    expect(paths()).toEqual(['plain', 'plain', 'plain', 'session', 'session', 'session'])
    expect(sessions().opened).toBe(1)
  })

  it('does not open a session for a method that is not frequent', async () => {
    const { client, paths, sessions } = target()
    for (let n = 0; n < 6; n++) await client.seldom(n)
    expect(new Set(paths())).toEqual(new Set(['plain']))
    expect(sessions().opened).toBe(0)
  })

  it('does not open a session for calls with a pause between them', async () => {
    const { client, paths } = target()
    for (let n = 0; n < 5; n++) {
      await client.often(n)
      vi.setSystemTime(Date.now() + 100)
    }
    expect(new Set(paths())).toEqual(new Set(['plain']))
  })

  it('ends the session when the calls stop', async () => {
    const { client, sessions } = target()
    await callOften(client, 5)
    await expect.poll(sessions, { timeout: 5_000 }).toEqual({ opened: 1, ended: 1 })
  })

  it('replaces the session by another session after 200 calls', async () => {
    const { client, sessions } = target()
    await callOften(client, 204)
    expect(sessions()).toEqual({ opened: 2, ended: 1 })
  })
})

describe('a call that fails in a session', () => {
  it('is repeated on the stub', async () => {
    const { client, paths, sessions } = target({
      fails: (path, n) => path === 'session' && n === 4 && new Error('reset'),
    })
    expect(await callOften(client, 6)).toEqual([0, 10, 20, 30, 40, 50])
    expect(paths()).toEqual(['plain', 'plain', 'plain', 'session', 'session', 'plain', 'session'])
    expect(sessions()).toEqual({ opened: 2, ended: 1 })
  })

  it('is not repeated when the object is overloaded', async () => {
    const overloaded = Object.assign(new Error('busy'), { overloaded: true })
    const { client, calls } = target({ fails: (_path, n) => n === 4 && overloaded })
    await expect(callOften(client, 6)).rejects.toThrow('busy')
    expect(calls).toHaveLength(5)
  })
})

describe('a call that fails without a session', () => {
  it('is repeated once when the error is retryable, and only then', async () => {
    let failures = 1
    const retryable = Object.assign(new Error('moved'), { retryable: true })
    const { client } = target({ fails: () => failures-- > 0 && retryable })
    expect(await client.seldom(7)).toBe(70)
    const broken = target({ fails: () => new Error('broken') })
    await expect(broken.client.seldom(7)).rejects.toThrow('broken')
    expect(broken.calls).toHaveLength(1)
  })
})

describe('a UserObject', () => {
  it('answers calls in a session like calls on a stub', async () => {
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
