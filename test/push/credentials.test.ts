import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/platform/concurrency/backoff.ts'
import { HOUR_MS } from '../../src/platform/durations.ts'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { Credentials } from '../../src/push/credentials.ts'
import { bindings } from '../rigs/rig.ts'

/** A vendor that issues credentials and counts them. */
function issuer(lifeMs = HOUR_MS, now = () => Date.now()) {
  let issued = 0
  return {
    get issued() {
      return issued
    },
    issue: async () => {
      const value = `credential-${++issued}`
      await sleep(50)
      return { value, issuedAt: now(), expiresAt: now() + lifeMs }
    },
  }
}

const credentials = (now = () => Date.now()) => new Credentials(openDatabase(bindings.DB), now)

describe('Credentials', () => {
  it('issues a credential once when several callers need a credential at the same time', async () => {
    const vendor = issuer()
    const got = await Promise.all(Array.from({ length: 8 }, () => credentials().get('many', vendor.issue)))
    expect(new Set(got.map(({ value }) => value))).toEqual(new Set(['credential-1']))
    expect(vendor.issued).toBe(1)
  })

  it('renews a credential before it expires', async () => {
    let now = Date.now()
    const clock = () => now
    const vendor = issuer(HOUR_MS, clock)
    const shared = credentials(clock)
    await shared.get('short', vendor.issue)
    now += HOUR_MS / 2
    expect((await shared.get('short', vendor.issue)).value).toBe('credential-1')
    now += HOUR_MS / 2 - 60_000
    expect((await shared.get('short', vendor.issue)).value).toBe('credential-2')
  })

  it('renews a credential once when several callers report the credential as rejected', async () => {
    const vendor = issuer()
    const first = await credentials().get('rejected', vendor.issue)
    const again = async () => {
      await credentials().reject('rejected', first)
      return (await credentials().get('rejected', vendor.issue)).value
    }
    expect(new Set(await Promise.all([again(), again(), again()]))).toEqual(new Set(['credential-2']))
    expect(vendor.issued).toBe(2)
  })

  it('releases its claim when issuing fails, so that the next caller can try', async () => {
    const fail = () => Promise.reject(new Error('the vendor cannot be reached'))
    await expect(credentials().get('failing', fail)).rejects.toThrow('the vendor cannot be reached')
    expect((await credentials().get('failing', issuer().issue)).value).toBe('credential-1')
  })
})
