import { beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { findTokens } from '../../../src/push/tokens.ts'
import { adminToken, bindings, post, register, userToken } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '', data: {} }

let alice: string
let bob: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await userToken('alice')
  bob = await userToken('bob')
})

const fcm = (account: string, fcmToken: string, token: string, given: object = {}) =>
  post('/third/fcm_update_token', { platformID: 2, fcmToken, account, expireTime: 60, ...given }, token)
const update = (userID: string, given: object, token: string) =>
  post('/third/update_push_token', { userID, platformID: 1, expireTime: 0, ...given }, token)

const tokens = async (userID: string, afterMs = 0) =>
  (await findTokens(openDatabase(bindings.DB), [userID], Date.now() + afterMs)).map(
    ({ provider, platformID, token }) => `${provider} ${platformID} ${token}`,
  )

describe('an FCM token', () => {
  it('is valid until the given expireTime', async () => {
    expect((await fcm('alice', 'a1', alice)).errCode).toBe(0)
    expect(await tokens('alice')).toEqual(['fcm 2 a1'])
    expect(await tokens('alice', 61_000)).toEqual([])
    await fcm('alice', 'a1', alice, { expireTime: 0 })
    expect(await tokens('alice', 1_000_000_000)).toEqual(['fcm 2 a1'])
  })

  it('replaces the previous token of the same platform only', async () => {
    await fcm('alice', 'a2', alice)
    await fcm('alice', 'a3', alice, { platformID: 1 })
    expect(await tokens('alice')).toEqual(['fcm 2 a2', 'fcm 1 a3'])
  })

  it('belongs to the user who registered it last', async () => {
    await fcm('bob', 'a2', bob)
    expect(await tokens('alice')).toEqual(['fcm 1 a3'])
    expect(await tokens('bob')).toEqual(['fcm 2 a2'])
  })

  it('is set only by the user and by administrators', async () => {
    expect((await fcm('bob', 'stolen', alice)).errCode).toBe(1002)
    expect(await tokens('bob')).toEqual(['fcm 2 a2'])
    expect((await fcm('bob', 'b1', await adminToken())).errCode).toBe(0)
    expect(await tokens('bob')).toEqual(['fcm 2 b1'])
  })

  it.each([
    ['no token', { fcmToken: '' }],
    ['no account', { account: '' }],
    ['an unknown platform', { platformID: 99 }],
    ['a negative expireTime', { expireTime: -1 }],
  ])('is refused with %s', async (_what, given) => {
    expect((await fcm('alice', 'x', alice, given)).errCode).toBe(1001)
  })
})

describe('tokens of the other providers', () => {
  it('are stored side by side and can be deleted', async () => {
    expect((await update('bob', { provider: 'apns', token: 'device' }, bob)).errCode).toBe(0)
    expect((await update('bob', { provider: 'http', token: 'h', vendor: 'huawei', platformID: 2 }, bob)).errCode).toBe(
      0,
    )
    expect(await tokens('bob')).toEqual(expect.arrayContaining(['apns 1 device', 'http 2 h', 'fcm 2 b1']))
    const deleted = { userID: 'bob', provider: 'apns', token: 'device' }
    expect((await post('/third/delete_push_token', deleted, alice)).errCode).toBe(1002)
    expect((await post('/third/delete_push_token', deleted, bob)).errCode).toBe(0)
    expect(await tokens('bob')).not.toContain('apns 1 device')
  })

  it('are normalized when they are browser subscriptions', async () => {
    const keys = { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: Buffer.alloc(16, 1).toString('base64url') }
    const subscription = { endpoint: 'https://push.example/1', expirationTime: null, keys }
    await update('alice', { provider: 'webpush', token: JSON.stringify(subscription), platformID: 5 }, alice)
    await update(
      'alice',
      { provider: 'webpush', token: JSON.stringify({ ...subscription, x: 1 }), platformID: 5 },
      alice,
    )
    const stored = (await tokens('alice')).filter((row) => row.startsWith('webpush'))
    expect(stored).toEqual([`webpush 5 ${JSON.stringify({ endpoint: 'https://push.example/1', keys })}`])
  })

  it.each([
    ['a browser without a subscription', { provider: 'webpush', token: '{}' }],
    ['an unknown provider', { provider: 'pigeon', token: 'x' }],
    ['a provider that addresses users by ID', { provider: 'jpush', token: 'x' }],
  ])('are refused for %s', async (_what, given) => {
    expect((await update('alice', given, alice)).errCode).toBe(1001)
  })
})

describe('set_app_badge', () => {
  it('accepts only a non-negative number of the own user', async () => {
    const set = (userID: string, appUnreadCount: number, token: string) =>
      post('/third/set_app_badge', { userID, appUnreadCount }, token)
    expect((await set('alice', 3, alice)).errCode).toBe(0)
    expect((await set('alice', 3, bob)).errCode).toBe(1002)
    expect((await set('alice', -1, alice)).errCode).toBe(1001)
  })
})

describe('get_push_config', () => {
  it('answers the configured providers and the VAPID key', async () => {
    expect(await post('/third/get_push_config', {}, alice)).toEqual({
      ...OK,
      data: { providers: [], vapidPublicKey: '' },
    })
  })
})
