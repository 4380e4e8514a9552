import { describe, expect, it } from 'vitest'
import { idHash } from '../../src/sync/id-hash.ts'

/** The expected values are the first 16 hexadecimal digits of `printf '<JSON text>' | md5sum`. */
describe('idHash', () => {
  it('is 0 for an empty list', () => {
    expect(idHash([])).toBe(0n)
  })

  it.each([
    ['["a"]', ['a'], 0x4c96bbc0e2390918n],
    ['["a","b"]', ['a', 'b'], 0xe53f04d1bcc1428dn],
    ['["ü"]', ['ü'], 0xbb99a0aa4c76e74cn],
    ['["\\u003ca\\u0026b\\u003e"], as Go writes it,', ['<a&b>'], 0x43cd3a07242095fdn],
  ])('is the MD5 of %s cut to 64 bits', (_text, ids, expected) => {
    expect(idHash(ids)).toBe(expected)
  })
})
