import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { Credentials } from '../../src/push/credentials.ts'
import { bindings } from '../rigs/rig.ts'

const HOUR_MS = 3_600_000

/** Somebody who gives credentials, and counts. */
function issuer(lifeMs = HOUR_MS, now = () => Date.now()) {
  let issued = 0
  return {
    get issued() {
      return issued
    },
    issue: async () => {
      const value = `credential-${++issued}`
      await new Promise((resolve) => setTimeout(resolve, 50))
      return { value, issuedAt: now(), expiresAt: now() + lifeMs }
    },
  }
}

const credentials = (now = () => Date.now()) => new Credentials(openDatabase(bindings.DB), now)

describe('a credential', () => {
  it('is got once, however many want it at the same time', async () => {
    const vendor = issuer()
    const got = await Promise.all(Array.from({ length: 8 }, () => credentials().get('many', vendor.issue)))
    expect(new Set(got.map(({ value }) => value))).toEqual(new Set(['credential-1']))
    expect(vendor.issued).toBe(1)
  })

  it('is renewed before it expires', async () => {
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

  it('that the vendor rejects is renewed once, however many found out', async () => {
    const vendor = issuer()
    const first = await credentials().get('rejected', vendor.issue)
    const again = async () => {
      await credentials().reject('rejected', first)
      return (await credentials().get('rejected', vendor.issue)).value
    }
    expect(new Set(await Promise.all([again(), again(), again()]))).toEqual(new Set(['credential-2']))
    expect(vendor.issued).toBe(2)
  })

  it('that cannot be got leaves the way free for the next who tries', async () => {
    const fail = () => Promise.reject(new Error('the vendor is away'))
    await expect(credentials().get('failing', fail)).rejects.toThrow('the vendor is away')
    expect((await credentials().get('failing', issuer().issue)).value).toBe('credential-1')
  })
})
