import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { MULTI_LOGIN_POLICIES, type MultiLoginRules } from '../../src/protocol/multi-login.ts'
import { findTokens, saveToken } from '../../src/push/tokens.ts'
import { bindings } from '../rigs/rig.ts'

const db = () => openDatabase(bindings.DB)
let clock = 1_000

/** Registers tokens, each `provider platformID token`, one after the other. */
async function register(userID: string, rules: MultiLoginRules, ...tokens: string[]): Promise<string[]> {
  for (const given of tokens) {
    const [provider = '', platformID, name] = given.split(' ')
    const token = `${userID} ${name}`
    const row = { provider, token, userID, platformID: Number(platformID), vendor: '', expiresAt: 0 }
    await saveToken(db(), { ...row, updatedAt: clock++ }, rules)
  }
  const rows = await findTokens(db(), [userID], clock)
  return rows.map((row) => `${row.provider} ${row.platformID} ${row.token.split(' ')[1]}`).sort()
}

describe('saveToken', () => {
  it('removes the tokens of the devices that a login of this device would log out', async () => {
    const tokens = ['fcm 2 old', 'fcm 1 iphone', 'fcm 5 browser', 'fcm 2 new']
    expect(await register('one', MULTI_LOGIN_POLICIES[1], ...tokens)).toEqual([
      'fcm 1 iphone',
      'fcm 2 new',
      'fcm 5 browser',
    ])
    expect(await register('four', MULTI_LOGIN_POLICIES[4], ...tokens)).toEqual(['fcm 2 new', 'fcm 5 browser'])
    expect(await register('all', MULTI_LOGIN_POLICIES[0], ...tokens)).toHaveLength(4)
  })

  it('keeps a device’s token of another provider, and removes all tokens of a displaced phone', async () => {
    expect(await register('two', MULTI_LOGIN_POLICIES[4], 'fcm 1 a', 'apns 1 b')).toEqual(['apns 1 b', 'fcm 1 a'])
    expect(await register('two', MULTI_LOGIN_POLICIES[4], 'fcm 2 c')).toEqual(['fcm 2 c'])
  })

  it('keeps the newest ten tokens per provider', async () => {
    const tokens = Array.from({ length: 15 }, (_, i) => `fcm 5 t${i}`)
    const kept = await register('many', MULTI_LOGIN_POLICIES[0], ...tokens)
    expect(kept).toHaveLength(10)
    expect(kept).toContain('fcm 5 t14')
    expect(kept).not.toContain('fcm 5 t4')
  })
})
