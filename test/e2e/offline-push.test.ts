import {
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  type ECDH,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { MsgData } from '../../src/protocol/proto/index.ts'
import { DelUserPushTokenReq, SetAppBackgroundStatusReq } from '../../src/protocol/proto/index.ts'
import { chatIDOf } from './rig/client.ts'
import { type RawClient, REQ } from './rig/raw-client.ts'
import { PLATFORM } from './rig/rest.ts'
import { Scene } from './rig/scene.ts'
import { sleep, startServer } from './rig/server.ts'
import { jsonOf, mentions, type VendorCall, Vendors } from './rig/vendors.ts'

/*
 * A real server sends its pushes to a real HTTP server, which plays all push vendors and checks what they would check.
 * The tests share both servers: every user is new, and every push token contains its user's ID. Most tests wait for the
 * end of a burst, so they run at the same time, except those that count calls of all users or kill the server.
 */

const GOOGLE = generateKeyPairSync('rsa', { modulusLength: 2048 })
const APPLE = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const VAPID = createECDH('prime256v1')
VAPID.generateKeys()

const HARMONY = 11
const BURST_SECONDS = 2

let vendors: Vendors
let scene: Scene

beforeAll(async () => {
  const issued = { google: 0, getui: 0 }
  vendors = await Vendors.start({
    '/google/token': () => ({ status: 200, body: { access_token: `access-${++issued.google}`, expires_in: 3_600 } }),
    '/google/v1/': ({ headers }) => {
      if (headers.authorization !== `Bearer access-${issued.google}`) return { status: 401, body: { error: {} } }
      return { status: 200, body: { name: 'projects/edge/messages/1' } }
    },
    '/apple/3/device/': () => ({ status: 200 }),
    '/browsers/': () => ({ status: 201 }),
    '/jpush/v3/push/cid': () => ({ status: 200, body: { cidlist: Array.from({ length: 10 }, () => newCid()) } }),
    '/jpush/v3/push': () => ({ status: 200, body: { sendno: '0', msg_id: '1' } }),
    '/getui/v2/app/auth': () => ({
      status: 200,
      body: {
        code: 0,
        msg: '',
        data: { expire_time: String(Date.now() + 86_400_000), token: `getui-${++issued.getui}` },
      },
    }),
    '/getui/v2/app/push/list/message': () => ({ status: 200, body: { code: 0, data: { taskid: 'task-1' } } }),
    '/getui/v2/app/push': () => ({ status: 200, body: { code: 0, msg: 'success', data: {} } }),
    '/gateway': () => ({ status: 200, body: {} }),
  })
  const { url } = vendors
  const setting = {
    enable: ['fcm', 'apns', 'webpush', 'http', 'jpush', 'getui'],
    platforms: {
      IOS: ['apns', 'jpush'],
      Android: ['fcm', 'getui'],
      Web: ['webpush'],
      Windows: ['fcm'],
      HarmonyOS: ['http'],
    },
    burstSeconds: BURST_SECONDS,
    iosPush: { pushSound: 'ding.caf', production: true },
    fcm: { url: `${url}/google` },
    apns: { keyID: 'KEY1234567', teamID: 'TEAM123456', topic: 'com.example.app', url: `${url}/apple` },
    webpush: { publicKey: VAPID.getPublicKey('base64url'), subject: 'mailto:ops@example.com' },
    http: { url: `${url}/gateway` },
    jpush: {
      appKey: 'jkey',
      masterSecret: 'jsecret',
      pushURL: `${url}/jpush/v3/push`,
      pushIntent: 'intent:#Intent;end',
    },
    getui: { pushUrl: `${url}/getui/v2/app`, appKey: 'gkey', channelID: 'chat', channelName: 'Chat' },
  }
  const account = {
    type: 'service_account',
    project_id: 'edge',
    private_key_id: 'kid-1',
    private_key: pemOf(GOOGLE.privateKey),
    client_email: 'push@edge.example',
    token_uri: `${url}/google/token`,
  }
  const server = await startServer({
    env: {
      OPENIM_PUSH: JSON.stringify(setting),
      OPENIM_PUSH_FCM_ACCOUNT: JSON.stringify(account),
      OPENIM_PUSH_APNS_KEY: pemOf(APPLE.privateKey).replaceAll('\n', '\\n'),
      OPENIM_PUSH_VAPID_KEY: privateKeyOf(VAPID),
      OPENIM_PUSH_HTTP_SECRET: 'a secret of the gateway',
      OPENIM_PUSH_GETUI_SECRET: 'gsecret',
    },
  })
  scene = new Scene(server, null)
})

afterAll(async () => {
  await scene?.close()
  await vendors?.stop()
})

describe('push to Android over FCM', () => {
  it('shows the sender’s texts, with an access token that Google gave for a signed assertion', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    await alice.deliverText(
      bob,
      'hello',
      info({ title: 'Alice', desc: 'hello', ex: '{"room":1}', iOSPushSound: 'a.caf' }),
    )
    const [call] = await callsTo('/google/v1/', bob, 1)
    expect(call?.path).toBe('/google/v1/projects/edge/messages:send')
    expect(jsonOf(call).message).toMatchObject({
      token: `${bob}-fcm`,
      notification: { title: 'Alice', body: 'hello' },
      data: { ex: '{"room":1}', conversationID: chatIDOf(alice.userID, bob) },
      apns: { payload: { aps: { sound: 'a.caf', badge: 1 } } },
    })
    const tokenCalls = vendors.calls.filter(({ path }) => path === '/google/token')
    const form = new URLSearchParams(tokenCalls.at(-1)?.body.toString())
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', GOOGLE.publicKey, {
      algorithms: ['RS256'],
      issuer: 'push@edge.example',
      audience: `${vendors.url}/google/token`,
    })
    expect(protectedHeader.kid).toBe('kid-1')
    expect(payload.scope).toBe('https://www.googleapis.com/auth/firebase.messaging')
  })

  it('shows the kind of the message when the sender gives no title', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    await alice.deliverText(bob, 'hello')
    expect(jsonOf((await callsTo('/google/v1/', bob, 1))[0]).message).toMatchObject({
      notification: { title: '[TEXT]', body: '[TEXT]' },
      apns: { payload: { aps: { sound: 'ding.caf', badge: 1 } } },
    })
  })

  it('requests an access token from Google once, and again when Google rejects the token', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    const asked = () => vendors.calls.filter(({ path }) => path === '/google/token').length
    await alice.deliverText(bob, 'first')
    await callsTo('/google/v1/', bob, 1)
    const before = asked()
    expect(before).toBe(1)
    vendors.once(isSendTo(bob), { status: 401, body: { error: { status: 'UNAUTHENTICATED' } } })
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'second')
    const calls = await callsTo('/google/v1/', bob, 3)
    expect(asked()).toBe(before + 1)
    expect(calls[2]?.headers.authorization).not.toBe(calls[1]?.headers.authorization)
  })

  it.concurrent('retries after the delay that a busy Google requests, and the phone shows the push once', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    vendors.once(isSendTo(bob), { status: 429, headers: { 'retry-after': '1' }, body: { error: {} } })
    await alice.deliverText(bob, 'busy?')
    const [first, second] = await callsTo('/google/v1/', bob, 2)
    // With the same tag, a phone that got both shows only one.
    expect(jsonOf(second).message.android).toEqual(jsonOf(first).message.android)
    await untilPushesAreSent(alice)
    expect(vendors.to('/google/v1/', bob)).toHaveLength(2)
  })

  it.concurrent('removes a push token that Google reports as unregistered', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    const body = { error: { code: 404, status: 'NOT_FOUND', details: [{ errorCode: 'UNREGISTERED' }] } }
    vendors.once(isSendTo(bob), { status: 404, body })
    await alice.deliverText(bob, 'are you there?')
    await callsTo('/google/v1/', bob, 1)
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'still?')
    // Without a token, a push to Android takes the next provider of its route.
    await callsTo('/getui/v2/app/push/single/alias', bob, 1)
    expect(vendors.to('/google/v1/', bob)).toHaveLength(1)
  })

  it.concurrent('does not use the push token of a phone that logged out or now belongs to another user', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    const phone = await scene.raw(bob, { platformID: PLATFORM.android })
    const goodbye = DelUserPushTokenReq.encode({ userID: bob, platformID: PLATFORM.android }).finish()
    expect((await phone.request(REQ.logout, goodbye)).errCode).toBe(0)
    await phone.closed
    await alice.deliverText(bob, 'where is it?')
    await callsTo('/getui/v2/app/push/single/alias', bob, 1)
    const [carol] = await scene.users('carol')
    await register(bob, PLATFORM.android, 'fcm')
    const theirs = { platformID: PLATFORM.android, fcmToken: `${bob}-fcm`, account: carol, expireTime: 3_600 }
    const token = await scene.token(carol, PLATFORM.android)
    expect(await scene.rest.post('/third/fcm_update_token', theirs, { token })).toMatchObject({ errCode: 0 })
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'and now?')
    await callsTo('/getui/v2/app/push/single/alias', bob, 2)
    expect(vendors.to('/google/v1/', bob)).toEqual([])
  })
})

describe('an offline push', () => {
  it.concurrent('is sent when only a browser is connected, and not when a phone is connected', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    const phone = await scene.raw(bob, { platformID: PLATFORM.android })
    await alice.deliverText(bob, 'on the phone')
    await phone.received('on the phone')
    await untilPushesAreSent(alice)
    expect(pushesOf(bob)).toEqual([])
    await phone.goodbye()
    const browser = await scene.raw(bob, { platformID: PLATFORM.web })
    await alice.deliverText(bob, 'in the browser')
    await browser.received('in the browser')
    await callsTo('/google/v1/', bob, 1)
  })

  it.concurrent('is sent to an iPhone in the background, whose socket gets no message', async () => {
    const { alice, bob } = await offlineBob({ ios: 'apns' })
    const phone = await scene.raw(bob, { platformID: PLATFORM.ios })
    const asleep = SetAppBackgroundStatusReq.encode({ userID: bob, isBackground: true }).finish()
    expect((await phone.request(REQ.background, asleep)).errCode).toBe(0)
    await alice.deliverText(bob, 'wake up')
    await callsTo('/apple/3/device/', bob, 1)
    expect(phone.pushed()).toEqual([])
  })

  it.concurrent('is not sent when the message, the muted chat or do-not-disturb forbids the push', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    // Once his browser has a message, his user object has decided about its push: only then may a setting change.
    const browser = await scene.raw(bob)
    await alice.deliverText(bob, 'quietly', { options: { offlinePush: false } })
    await browser.received('quietly')
    const admin = { token: await scene.rest.adminToken() }
    const conversation = { conversationID: chatIDOf(alice.userID, bob), conversationType: 1, userID: alice.userID }
    const mute = (recvMsgOpt: number) =>
      scene.rest.post(
        '/conversation/set_conversations',
        { userIDs: [bob], conversation: { ...conversation, recvMsgOpt } },
        admin,
      )
    expect(await mute(2)).toMatchObject({ errCode: 0 })
    await alice.deliverText(bob, 'into a muted chat')
    await browser.received('into a muted chat')
    expect(await mute(0)).toMatchObject({ errCode: 0 })
    const setGlobal = (globalRecvMsgOpt: number) =>
      scene.rest.post('/user/set_global_msg_recv_opt', { userID: bob, globalRecvMsgOpt }, admin)
    expect(await setGlobal(2)).toMatchObject({ errCode: 0 })
    await alice.deliverText(bob, 'do not disturb')
    await browser.received('do not disturb')
    await untilPushesAreSent(alice)
    expect(pushesOf(bob)).toEqual([])
    expect(await setGlobal(0)).toMatchObject({ errCode: 0 })
    await alice.deliverText(bob, 'now')
    await callsTo('/google/v1/', bob, 1)
  })

  it.concurrent('is not sent to the sender', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    await register(alice.userID, PLATFORM.android, 'fcm')
    await alice.deliverText(bob, 'to you, not to me')
    await callsTo('/google/v1/', bob, 1)
    await untilPushesAreSent(alice)
    expect(vendors.to('/google/v1/', `${alice.userID}-fcm`)).toEqual([])
  })

  it.concurrent('is sent once at the start of a burst, and once for the rest with the newest message', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    const browser = await scene.raw(bob)
    const say = (desc: string) => alice.deliverText(bob, desc, info({ title: 'Alice', desc, iOSBadgeCount: true }))
    // The first message is pushed alone, the later ones together at the end of the burst.
    await say('one')
    await browser.received('one')
    await Promise.all(['two', 'three', 'four'].map(say))
    const shown = (await callsTo('/google/v1/', bob, 2)).map((call) => jsonOf(call).message)
    expect(shown.at(-1)).toMatchObject({ notification: { body: 'four' }, apns: { payload: { aps: { badge: 4 } } } })
    await untilPushesAreSent(alice)
    expect(vendors.to('/google/v1/', bob)).toHaveLength(2)
  })

  it('is not repeated for a message that is redelivered after a crash', async () => {
    const { alice, bob } = await offlineBob({ android: 'fcm' })
    await alice.deliverText(bob, 'before the crash')
    await callsTo('/google/v1/', bob, 1)
    await scene.server.kill9()
    await scene.server.start()
    const again = await scene.raw(alice.userID)
    // The message wakes the conversation, which redelivers every message that may not have been delivered.
    await again.deliverText(bob, 'after it', info({ title: 'Alice', desc: 'after it' }))
    const calls = await callsTo('/google/v1/', bob, 2)
    expect(jsonOf(calls[1]).message.notification.body).toBe('after it')
    await untilPushesAreSent(again)
    expect(vendors.to('/google/v1/', bob)).toHaveLength(2)
  })
})

describe.concurrent('the badge', () => {
  it('counts up from the number that the app set, and ignores messages that do not count', async () => {
    const { alice, bob } = await offlineBob({ ios: 'apns' })
    const token = await scene.token(bob, PLATFORM.ios)
    expect(await scene.rest.post('/third/set_app_badge', { userID: bob, appUnreadCount: 7 }, { token })).toMatchObject({
      errCode: 0,
    })
    await alice.deliverText(bob, 'counts', info({ iOSBadgeCount: true }))
    await callsTo('/apple/3/device/', bob, 1)
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'does not', info({ iOSBadgeCount: false }))
    const calls = await callsTo('/apple/3/device/', bob, 2)
    expect(calls.map((call) => jsonOf(call).aps.badge)).toEqual([8, 8])
  })
})

describe.concurrent('push to iPhones over APNs', () => {
  it('carries a token that is signed with the key of the team', async () => {
    const { alice, bob } = await offlineBob({ ios: 'apns' })
    await alice.deliverText(bob, 'hello', info({ title: 'Alice', desc: 'hello' }))
    const [call] = await callsTo('/apple/3/device/', bob, 1)
    expect(call?.path).toBe(`/apple/3/device/${bob}-apns`)
    expect(call?.headers).toMatchObject({
      'apns-topic': 'com.example.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(jsonOf(call)).toMatchObject({
      aps: { alert: { title: 'Alice', body: 'hello' }, sound: 'ding.caf', badge: 1 },
    })
    const [scheme, token] = (call?.headers.authorization ?? '').split(' ')
    expect(scheme).toBe('bearer')
    const { protectedHeader, payload } = await jwtVerify(token ?? '', APPLE.publicKey, { algorithms: ['ES256'] })
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'KEY1234567' })
    expect(payload).toEqual({ iss: 'TEAM123456', iat: expect.any(Number) })
  })

  it('removes a push token that Apple reports as unregistered', async () => {
    const { alice, bob } = await offlineBob({ ios: 'apns' })
    vendors.once((call) => call.path.endsWith(`${bob}-apns`), { status: 410, body: { reason: 'Unregistered' } })
    await alice.deliverText(bob, 'anybody?')
    await callsTo('/apple/3/device/', bob, 1)
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'nobody')
    await untilPushesAreSent(alice)
    expect(vendors.to('/apple/3/device/', bob)).toHaveLength(1)
  })
})

describe.concurrent('push to browsers', () => {
  it('is encrypted for the browser, and signed with the key that the browser subscribed to', async () => {
    const { alice, bob } = await offlineBob()
    const browser = createECDH('prime256v1')
    browser.generateKeys()
    const auth = randomBytes(16)
    const token = JSON.stringify({
      endpoint: `${vendors.url}/browsers/${bob}`,
      expirationTime: null,
      keys: { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') },
    })
    await update(bob, { platformID: PLATFORM.web, provider: 'webpush', token })
    await alice.deliverText(bob, 'hello', info({ title: 'Alice', desc: 'hello', ex: 'x' }))
    const [call] = await callsTo('/browsers/', bob, 1)
    expect(call?.headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'high' })
    expect(JSON.parse(decrypt(call?.body ?? Buffer.alloc(0), browser, auth))).toMatchObject({
      title: 'Alice',
      body: 'hello',
      ex: 'x',
      conversationID: chatIDOf(alice.userID, bob),
    })
    const [, jwt = '', key] = /^vapid t=(.+), k=(.+)$/.exec(call?.headers.authorization ?? '') ?? []
    expect(key).toBe(VAPID.getPublicKey('base64url'))
    const { payload } = await jwtVerify(jwt, vapidPublicKey(), { algorithms: ['ES256'], audience: vendors.url })
    expect(payload.sub).toBe('mailto:ops@example.com')
  })
})

describe.concurrent('push over JPush', () => {
  it('sends the userID as the alias, with the key and secret of the app', async () => {
    const { alice, bob } = await offlineBob()
    await alice.deliverText(bob, 'hello', info({ title: 'Alice', desc: 'hello', ex: 'x', iOSBadgeCount: true }))
    const [call] = await callsTo('/jpush/v3/push', bob, 1)
    expect(call?.headers.authorization).toBe(`Basic ${Buffer.from('jkey:jsecret').toString('base64')}`)
    expect(jsonOf(call)).toMatchObject({
      platform: ['ios'],
      audience: { alias: [bob] },
      notification: {
        alert: 'hello',
        android: { alert: 'hello', title: 'Alice', intent: { url: 'intent:#Intent;end' }, extras: { ex: 'x' } },
        ios: { alert: { title: 'Alice', body: 'hello' }, sound: 'ding.caf', badge: '+1', 'mutable-content': true },
      },
      message: { msg_content: 'hello', title: 'Alice', extras: { ex: 'x' } },
      options: { apns_production: true },
    })
  })

  it('retries with the same cid, by which JPush recognizes a repeated push', async () => {
    const { alice, bob } = await offlineBob()
    vendors.once((call) => call.path === '/jpush/v3/push' && mentions(call, bob), { status: 502 })
    await alice.deliverText(bob, 'hello')
    const [first, second] = await callsTo('/jpush/v3/push', bob, 2)
    expect(jsonOf(first).cid).toMatch(/^jkey-/)
    expect(jsonOf(second).cid).toBe(jsonOf(first).cid)
  })
})

describe.concurrent('push over GeTui', () => {
  it('uses the GeTui token that its signature obtained, and requests another token on expiry', async () => {
    const { alice, bob } = await offlineBob()
    const isPush = (call: VendorCall) => call.path === '/getui/v2/app/push/single/alias' && mentions(call, bob)
    vendors.once(isPush, { status: 200, body: { code: 10_001, msg: 'token is expired' } })
    await alice.deliverText(bob, 'hello', info({ title: 'Alice', desc: 'hello' }))
    const [first, second] = await callsTo('/getui/v2/app/push/single/alias', bob, 2)
    expect(second?.headers.token).not.toBe(first?.headers.token)
    const { request_id, ...body } = jsonOf(second)
    expect(request_id).toMatch(/^[0-9a-f]{32}$/)
    expect(request_id).toBe(jsonOf(first).request_id)
    expect(body).toMatchObject({
      audience: { alias: [bob] },
      push_message: {
        notification: {
          title: 'Alice',
          body: 'hello',
          click_type: 'startapp',
          channel_id: 'chat',
          channel_name: 'Chat',
        },
      },
      push_channel: { android: { ups: { notification: { title: 'Alice', body: 'hello' } } } },
    })
    const auth = jsonOf(vendors.calls.findLast(({ path }) => path === '/getui/v2/app/auth'))
    const sign = createHash('sha256').update(`gkey${auth.timestamp}gsecret`).digest('hex')
    expect(auth).toMatchObject({ appkey: 'gkey', sign })
  })
})

describe.concurrent('push over the gateway of the app', () => {
  it('sends the push token with its userID and vendor, signed', async () => {
    const { alice, bob } = await offlineBob()
    await update(bob, { platformID: HARMONY, provider: 'http', token: `${bob}-huawei`, vendor: 'huawei' })
    await alice.deliverText(bob, 'hello', info({ title: 'Alice', desc: 'hello' }))
    const [call] = await callsTo('/gateway', bob, 1)
    expect(jsonOf(call)).toMatchObject({
      title: 'Alice',
      body: 'hello',
      contentType: 101,
      sendID: alice.userID,
      targets: [
        { userID: bob, vendor: 'huawei', token: `${bob}-huawei`, platforms: [{ id: HARMONY, name: 'HarmonyOS' }] },
      ],
    })
    expect(call?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
    const [, seconds, signature] = /^t=(\d+),v1=(\w+)$/.exec(String(call?.headers['openim-signature'])) ?? []
    const expected = createHmac('sha256', 'a secret of the gateway')
      .update(`${seconds}.`)
      .update(call?.body ?? '')
    expect(signature).toBe(expected.digest('hex'))
  })

  it('retries devices that the gateway lists as "later", and not those that it lists as "dead"', async () => {
    const { alice, bob } = await offlineBob()
    await update(bob, { platformID: HARMONY, provider: 'http', token: `${bob}-busy`, vendor: 'huawei' })
    vendors.once((call) => call.path === '/gateway' && mentions(call, bob), { status: 200, body: { later: [0] } })
    await alice.deliverText(bob, 'hello')
    const [first, second] = await callsTo('/gateway', bob, 2)
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key'])
    vendors.once((call) => call.path === '/gateway' && mentions(call, bob), { status: 200, body: { dead: [0] } })
    await alice.deliverText(bob, 'once more')
    await callsTo('/gateway', bob, 3)
    await sleep(BURST_SECONDS * 1_000)
    await alice.deliverText(bob, 'to nobody')
    await untilPushesAreSent(alice)
    expect(vendors.to('/gateway', bob)).toHaveLength(3)
  })
})

/** Alice on a socket, and Bob with the given push tokens and no connection. */
async function offlineBob(tokens: { android?: 'fcm'; ios?: 'apns' } = {}) {
  const [aliceID, bob] = await scene.users('alice', 'bob')
  if (tokens.android) await register(bob, PLATFORM.android, tokens.android)
  if (tokens.ios) await register(bob, PLATFORM.ios, tokens.ios)
  return { alice: await scene.raw(aliceID), bob }
}

async function register(userID: string, platformID: number, provider: 'fcm' | 'apns'): Promise<void> {
  if (provider === 'apns') return update(userID, { platformID, provider, token: `${userID}-apns` })
  const body = { platformID, fcmToken: `${userID}-fcm`, account: userID, expireTime: 3_600 }
  const token = await scene.token(userID, platformID)
  expect(await scene.rest.post('/third/fcm_update_token', body, { token })).toMatchObject({ errCode: 0 })
}

async function update(userID: string, given: { platformID: number } & Record<string, unknown>): Promise<void> {
  const token = await scene.token(userID, given.platformID)
  const answer = await scene.rest.post('/third/update_push_token', { userID, expireTime: 0, ...given }, { token })
  expect(answer).toMatchObject({ errCode: 0 })
}

/** The texts that the sender wants the phone to show. */
function info(offlinePushInfo: Partial<NonNullable<MsgData['offlinePushInfo']>>): Partial<MsgData> {
  const none = { title: '', desc: '', ex: '', iOSPushSound: '', iOSBadgeCount: false, signalInfo: '' }
  return { offlinePushInfo: { ...none, ...offlinePushInfo } }
}

async function callsTo(path: string, text: string, count: number): Promise<VendorCall[]> {
  // Not `expect.poll`, which must know its test and cannot while several tests run at once.
  await vi.waitUntil(() => vendors.to(path, text).length >= count, { timeout: 30_000 }).catch(() => {})
  expect(vendors.to(path, text).length).toBeGreaterThanOrEqual(count)
  return vendors.to(path, text)
}

/**
 * Waits until every push that was due is sent: the burst is over, and a push to another user, which was queued later,
 * has passed the same queue.
 */
async function untilPushesAreSent(alice: RawClient): Promise<void> {
  await sleep(BURST_SECONDS * 1_000)
  const [carol] = await scene.users('carol')
  await register(carol, PLATFORM.android, 'fcm')
  await alice.deliverText(carol, 'the last one')
  await callsTo('/google/v1/', carol, 1)
}

/** The paths of all vendor calls that mention a user. */
function pushesOf(userID: string): string[] {
  return vendors.calls.filter((call) => mentions(call, userID)).map(({ path }) => path)
}

function isSendTo(userID: string) {
  return (call: VendorCall) => call.path.startsWith('/google/v1/') && mentions(call, `${userID}-fcm`)
}

function newCid(): string {
  return `jkey-${randomBytes(8).toString('hex')}`
}

/** All 32 bytes of the key: Node leaves out leading zero bytes, which one key in 256 has. */
function privateKeyOf(pair: ECDH): string {
  const short = pair.getPrivateKey()
  return Buffer.concat([Buffer.alloc(32 - short.length), short]).toString('base64url')
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function vapidPublicKey(): KeyObject {
  const point = VAPID.getPublicKey()
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) }, format: 'jwk' })
}

/** Decrypts a push as a browser does: RFC 8291, with one record. */
function decrypt(sealed: Buffer, browser: ECDH, auth: Buffer): string {
  const salt = sealed.subarray(0, 16)
  const keyLength = sealed[20] ?? 0
  const theirs = sealed.subarray(21, 21 + keyLength)
  const record = sealed.subarray(21 + keyLength)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), theirs])
  const secret = Buffer.from(hkdfSync('sha256', browser.computeSecret(theirs), auth, info, 32))
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16))
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12))
  const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(record.subarray(-16))
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
  return plain.subarray(0, plain.lastIndexOf(2)).toString()
}
