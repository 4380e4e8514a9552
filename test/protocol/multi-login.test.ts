import { describe, expect, it } from 'vitest'
import { Platform } from '../../src/protocol/constants/platform.ts'
import { displacedBy, MULTI_LOGIN_POLICIES } from '../../src/protocol/multi-login.ts'

const { IOS, Android, Windows, OSX, Web, IPad, Admin } = Platform
const present = [IOS, Android, Windows, OSX, Web, IPad, Admin].map((platformID) => ({
  platformID,
  tokenKey: `old ${platformID}`,
}))

const displaced = (policy: 0 | 1 | 4 | 5, platformID: number, tokenKey = 'new') =>
  displacedBy(MULTI_LOGIN_POLICIES[policy], { platformID, tokenKey }, present).map((login) => login.platformID)

describe('displacedBy', () => {
  it.each([
    [0, IOS, []],
    [1, IOS, [IOS]],
    [1, Web, [Web]],
    [4, IOS, [IOS, Android]],
    [4, Windows, [Windows, OSX]],
    [4, Web, [Web]],
    [5, IOS, [IOS, Android, Web, IPad]],
    [5, Windows, []],
  ] as const)('applies policy %i: a login on platform %i displaces platforms %j', (policy, platformID, expected) => {
    expect(displaced(policy, platformID)).toEqual(expected)
  })

  it('does not displace a login with the same token, because it is the same device', () => {
    expect(displaced(1, IOS, `old ${IOS}`)).toEqual([])
  })

  it('displaces no login when an administrator logs in', () => {
    expect(displaced(5, Admin)).toEqual([])
  })

  it('applies the rules that a deployment configures', () => {
    const rules = { Pad: ['Mobile', 'Pad'], PC: ['same platform'] } as const
    const by = (platformID: number) =>
      displacedBy(rules, { platformID, tokenKey: 'new' }, present).map((login) => login.platformID)
    expect(by(IPad)).toEqual([IOS, Android, IPad])
    expect(by(Windows)).toEqual([Windows])
    expect(by(Web)).toEqual([])
  })
})
