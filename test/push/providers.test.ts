import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ProviderName, parsePush } from '../../src/config/push.ts'
import type { PushTarget } from '../../src/contracts/jobs.ts'
import type { LogLevel } from '../../src/platform/observability/log.ts'
import { createLog } from '../../src/platform/observability/log.ts'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { composePush } from '../../src/push/compose-push.ts'
import { Credentials } from '../../src/push/credentials.ts'
import { createProviders } from '../../src/push/providers/index.ts'
import { sendPush } from '../../src/push/send-push.ts'
import { bindings } from '../rigs/rig.ts'

const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString()
const RSA = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
const EC = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

const SETTING = {
  enable: ['fcm', 'apns', 'http', 'jpush', 'getui'],
  fcm: { serviceAccount: { project_id: 'edge', client_email: 'a@edge.example', private_key: RSA } },
  apns: { keyID: 'k', teamID: 't', topic: 'com.example', key: EC },
  http: { url: 'https://gateway.example/push', secret: 'a long secret, as it should be' },
  jpush: { appKey: 'k', masterSecret: 's', cid: false },
  getui: { pushUrl: 'https://getui.example/v2/app', appKey: 'k', masterSecret: 's' },
}

/** The answers of the vendors: the first rule applies whose text the request's address contains. */
type Rules = [part: string, answer: () => Response][]

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers })
const GOOGLE_TOKEN: Rules[number] = ['oauth2.googleapis.com', json(200, { access_token: 'a', expires_in: 3_600 })]
const GETUI_TOKEN: Rules[number] = [
  '/auth',
  json(200, { code: 0, data: { token: 'g', expire_time: `${Date.now() + 86_400_000}` } }),
]

function answer(rules: Rules): string[] {
  const asked: string[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (request) => {
    const url = String(request)
    asked.push(url)
    const rule = rules.find(([part]) => url.includes(part))
    if (!rule) throw new TypeError('the network is down')
    return rule[1]()
  })
  return asked
}

afterEach(() => {
  vi.restoreAllMocks()
})

const target = (provider: ProviderName, userID = 'bob'): PushTarget => {
  const byAlias = provider === 'jpush' || provider === 'getui'
  return {
    provider,
    userID,
    platforms: [2],
    token: byAlias ? '' : `token of ${userID}`,
    vendor: '',
    badge: 1,
    attempt: '',
  }
}

async function pushOnce(targets: PushTarget[], setting: object = SETTING, logLevel: LogLevel = 'error') {
  const { push: config, refusal } = parsePush(JSON.stringify(setting), {})
  if (!config) throw new Error(refusal ?? 'off')
  const now = () => Date.now()
  const providers = createProviders(config, { credentials: new Credentials(openDatabase(bindings.DB), now), now })
  const message = MsgData.fromPartial({ clientMsgID: 'c', contentType: 101, seq: 1 })
  const round = await sendPush(providers, composePush(config, 'si_a_b', message), targets, createLog(logLevel))
  return {
    sent: round.sentCount,
    retry: round.retryTargets.length,
    invalid: Object.fromEntries(round.invalidTokens),
    after: round.retryAfterSeconds,
  }
}

const NOTHING = { sent: 0, retry: 0, invalid: {}, after: null }
const fcmError = (status: number, details: object[]) => json(status, { error: { status: 'X', details } })
const gone = (provider: string) => ({ ...NOTHING, invalid: { [provider]: ['token of bob'] } })
const busy = { ...NOTHING, retry: 1 }

describe('sendPush', () => {
  it.each<[string, ProviderName, Rules, object]>([
    ['FCM: sent', 'fcm', [GOOGLE_TOKEN, [':send', json(200, {})]], { ...NOTHING, sent: 1 }],
    [
      'FCM: unregistered',
      'fcm',
      [GOOGLE_TOKEN, [':send', fcmError(404, [{ errorCode: 'UNREGISTERED' }])]],
      gone('fcm'),
    ],
    [
      'FCM: a token of another project',
      'fcm',
      [GOOGLE_TOKEN, [':send', fcmError(403, [{ errorCode: 'SENDER_ID_MISMATCH' }])]],
      gone('fcm'),
    ],
    [
      'FCM: no token at all',
      'fcm',
      [GOOGLE_TOKEN, [':send', fcmError(400, [{ fieldViolations: [{ field: 'message.token' }] }])]],
      gone('fcm'),
    ],
    [
      'FCM: an error of the message, which does not concern the token',
      'fcm',
      [GOOGLE_TOKEN, [':send', fcmError(400, [{ fieldViolations: [{ field: 'message.data' }] }])]],
      NOTHING,
    ],
    [
      'FCM: too many requests, with a delay to wait',
      'fcm',
      [GOOGLE_TOKEN, [':send', json(429, {}, { 'retry-after': '77' })]],
      { ...busy, after: 77 },
    ],
    ['FCM: an internal error', 'fcm', [GOOGLE_TOKEN, [':send', json(503, {})]], busy],
    ['FCM: no answer', 'fcm', [GOOGLE_TOKEN], busy],
    ['APNs: a bad token', 'apns', [['apple', json(400, { reason: 'BadDeviceToken' })]], gone('apns')],
    ['APNs: unregistered', 'apns', [['apple', json(410, { reason: 'Unregistered' })]], gone('apns')],
    [
      'APNs: a bad topic, which does not concern the token',
      'apns',
      [['apple', json(400, { reason: 'BadTopic' })]],
      NOTHING,
    ],
    ['APNs: too many requests', 'apns', [['apple', json(429, { reason: 'TooManyRequests' })]], busy],
    ['JPush: sent', 'jpush', [['jpush', json(200, { sendno: '0' })]], { ...NOTHING, sent: 1 }],
    [
      'JPush: an alias without a device',
      'jpush',
      [['jpush', json(400, { error: { code: 1011 } })]],
      { ...NOTHING, sent: 1 },
    ],
    ['JPush: a wrong secret', 'jpush', [['jpush', json(401, { error: { code: 1004 } })]], NOTHING],
    ['JPush: too many requests', 'jpush', [['jpush', json(429, { error: { code: 2002 } })]], busy],
    ['GeTui: sent', 'getui', [GETUI_TOKEN, ['/push', json(200, { code: 0, msg: '' })]], { ...NOTHING, sent: 1 }],
    [
      'GeTui: an alias without a device',
      'getui',
      [GETUI_TOKEN, ['/push', json(200, { code: 20001, msg: 'target user is invalid' })]],
      { ...NOTHING, sent: 1 },
    ],
    ['GeTui: an internal error', 'getui', [GETUI_TOKEN, ['/push', json(500, {})]], busy],
    ['the gateway: rejected', 'http', [['gateway', json(400, {})]], NOTHING],
    ['the gateway: an internal error', 'http', [['gateway', json(502, {})]], busy],
    [
      'the gateway: sent, with a body that is not an object',
      'http',
      [['gateway', json(200, 'thanks')]],
      { ...NOTHING, sent: 1 },
    ],
  ])('understands the answer of %s', async (_what, provider, rules, expected) => {
    answer(rules)
    expect(await pushOnce([target(provider)])).toEqual(expected)
  })
})

describe('sendPush when a vendor fails', () => {
  it('pushes through the other vendors', async () => {
    answer([['apple', json(200, {})]])
    expect(await pushOnce([target('apns'), target('jpush'), target('http')])).toEqual({ ...NOTHING, sent: 1, retry: 2 })
  })

  it('pushes to the other devices when the push to one device fails', async () => {
    let calls = 0
    answer([['apple', () => new Response('{}', { status: ++calls === 2 ? 500 : 200 })]])
    const targets = ['ann', 'bob', 'eve'].map((userID) => target('apns', userID))
    expect(await pushOnce(targets)).toEqual({ ...NOTHING, sent: 2, retry: 1 })
  })

  it('requests a credential once for all targets, and retries all targets when the request fails', async () => {
    const fcm = { serviceAccount: { ...SETTING.fcm.serviceAccount, project_id: 'other' } }
    const asked = answer([['oauth2.googleapis.com', json(503, {})]])
    const targets = ['ann', 'bob', 'eve'].map((userID) => target('fcm', userID))
    expect(await pushOnce(targets, { ...SETTING, fcm })).toEqual({ ...NOTHING, retry: 3 })
    expect(asked).toHaveLength(1)
  })
})

describe('the log of a failed push', () => {
  it('hides the token and the text that a vendor’s answer repeats', async () => {
    const lines = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const repeated = 'no: token of bob, [TEXT]; not before tomorrow'
    answer([['gateway', json(400, repeated)]])
    expect(await pushOnce([target('http')], SETTING, 'warn')).toEqual(NOTHING)
    expect(lines.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      expect.objectContaining({ failure: 'rejected: 400: "no: …, …; not before tomorrow"', targets: 1 }),
    ])
  })
})

describe('a service account that is fetched from an address', () => {
  it('is fetched once and used for all targets', async () => {
    const { serviceAccount } = SETTING.fcm
    const fcm = { authURL: 'https://config.example/account.json' }
    const asked = answer([['config.example', json(200, serviceAccount)], GOOGLE_TOKEN, [':send', json(200, {})]])
    const targets = ['ann', 'bob'].map((userID) => target('fcm', userID))
    expect(await pushOnce(targets, { ...SETTING, fcm })).toEqual({ ...NOTHING, sent: 2 })
    expect(asked.filter((url) => url.includes('config.example'))).toHaveLength(1)
    expect(asked).toContain('https://fcm.googleapis.com/v1/projects/edge/messages:send')
  })
})

describe('Apns', () => {
  it('does not sign a new token within 20 minutes, even when Apple rejects the old one', async () => {
    const asked = answer([['apple', json(403, { reason: 'ExpiredProviderToken' })]])
    const { retry, after } = await pushOnce([target('apns')])
    expect(retry).toBe(1)
    expect(after).toBeGreaterThan(1_000)
    expect(asked).toHaveLength(1)
  })
})

describe('Getui', () => {
  it('pushes to many users with one task', async () => {
    const asked = answer([
      GETUI_TOKEN,
      ['/push/list/message', json(200, { code: 0, data: { taskid: 'task' } })],
      ['/push/list/alias', json(200, { code: 0, data: {} })],
    ])
    const targets = Array.from({ length: 150 }, (_, i) => target('getui', `user-${i}`))
    expect(await pushOnce(targets)).toEqual({ ...NOTHING, sent: 150 })
    expect(asked.filter((url) => !url.endsWith('/auth')).map((url) => url.replace(/.*\/push/, ''))).toEqual([
      '/list/message',
      '/list/alias',
    ])
  })
})
