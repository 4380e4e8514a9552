import { describe, expect, it } from 'vitest'
import { networkOf } from '../../src/runtime/client-ip.ts'

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:0:7::', '2001:db8:0:7::/64'],
    ['', ''],
  ])('returns for the address "%s" the network "%s"', (ip, network) => {
    expect(networkOf(ip)).toBe(network)
  })
})
