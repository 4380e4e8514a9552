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

/** How the vendors answer: the first rule that a request's address contains. */
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

async function ringOnce(targets: PushTarget[], setting: object = SETTING, logLevel: LogLevel = 'error') {
  const { push: config, refusal } = parsePush(JSON.stringify(setting), {})
  if (!config) throw new Error(refusal ?? 'off')
  const now = () => Date.now()
  const providers = createProviders(config, { credentials: new Credentials(openDatabase(bindings.DB), now), now })
  const message = MsgData.fromPartial({ clientMsgID: 'c', contentType: 101, seq: 1 })
  const rung = await sendPush(providers, composePush(config, 'si_a_b', message), targets, createLog(logLevel))
  return { sent: rung.sent, left: rung.left.length, dead: Object.fromEntries(rung.dead), after: rung.afterSeconds }
}

const NOTHING = { sent: 0, left: 0, dead: {}, after: null }
const fcmError = (status: number, details: object[]) => json(status, { error: { status: 'X', details } })
const gone = (provider: string) => ({ ...NOTHING, dead: { [provider]: ['token of bob'] } })
const busy = { ...NOTHING, left: 1 }

describe('what a vendor says is understood', () => {
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
      'FCM: a fault of the message, which says nothing about the token',
      'fcm',
      [GOOGLE_TOKEN, [':send', fcmError(400, [{ fieldViolations: [{ field: 'message.data' }] }])]],
      NOTHING,
    ],
    [
      'FCM: too many, with a wait',
      'fcm',
      [GOOGLE_TOKEN, [':send', json(429, {}, { 'retry-after': '77' })]],
      { ...busy, after: 77 },
    ],
    ['FCM: broken', 'fcm', [GOOGLE_TOKEN, [':send', json(503, {})]], busy],
    ['FCM: out of reach', 'fcm', [GOOGLE_TOKEN], busy],
    ['APNs: a bad token', 'apns', [['apple', json(400, { reason: 'BadDeviceToken' })]], gone('apns')],
    ['APNs: gone', 'apns', [['apple', json(410, { reason: 'Unregistered' })]], gone('apns')],
    [
      'APNs: a bad topic, which is no fault of the token',
      'apns',
      [['apple', json(400, { reason: 'BadTopic' })]],
      NOTHING,
    ],
    ['APNs: too many', 'apns', [['apple', json(429, { reason: 'TooManyRequests' })]], busy],
    ['JPush: sent', 'jpush', [['jpush', json(200, { sendno: '0' })]], { ...NOTHING, sent: 1 }],
    [
      'JPush: nobody has that alias',
      'jpush',
      [['jpush', json(400, { error: { code: 1011 } })]],
      { ...NOTHING, sent: 1 },
    ],
    ['JPush: a wrong secret', 'jpush', [['jpush', json(401, { error: { code: 1004 } })]], NOTHING],
    ['JPush: too many', 'jpush', [['jpush', json(429, { error: { code: 2002 } })]], busy],
    ['GeTui: sent', 'getui', [GETUI_TOKEN, ['/push', json(200, { code: 0, msg: '' })]], { ...NOTHING, sent: 1 }],
    [
      'GeTui: nobody has that alias',
      'getui',
      [GETUI_TOKEN, ['/push', json(200, { code: 20001, msg: 'target user is invalid' })]],
      { ...NOTHING, sent: 1 },
    ],
    ['GeTui: broken', 'getui', [GETUI_TOKEN, ['/push', json(500, {})]], busy],
    ['the gateway: no', 'http', [['gateway', json(400, {})]], NOTHING],
    ['the gateway: broken', 'http', [['gateway', json(502, {})]], busy],
    ['the gateway: sent, in words of its own', 'http', [['gateway', json(200, 'thanks')]], { ...NOTHING, sent: 1 }],
  ])('%s', async (_what, provider, rules, expected) => {
    answer(rules)
    expect(await ringOnce([target(provider)])).toEqual(expected)
  })
})

describe('a vendor that fails', () => {
  it('holds up none of the others', async () => {
    answer([['apple', json(200, {})]])
    expect(await ringOnce([target('apns'), target('jpush'), target('http')])).toEqual({ ...NOTHING, sent: 1, left: 2 })
  })

  it('over one device rings the others', async () => {
    let calls = 0
    answer([['apple', () => new Response('{}', { status: ++calls === 2 ? 500 : 200 })]])
    const targets = ['ann', 'bob', 'eve'].map((userID) => target('apns', userID))
    expect(await ringOnce(targets)).toEqual({ ...NOTHING, sent: 2, left: 1 })
  })

  it('over the credential is asked once, and all wait', async () => {
    const fcm = { serviceAccount: { ...SETTING.fcm.serviceAccount, project_id: 'other' } }
    const asked = answer([['oauth2.googleapis.com', json(503, {})]])
    const targets = ['ann', 'bob', 'eve'].map((userID) => target('fcm', userID))
    expect(await ringOnce(targets, { ...SETTING, fcm })).toEqual({ ...NOTHING, left: 3 })
    expect(asked).toHaveLength(1)
  })
})

describe('what a vendor repeats of a push', () => {
  it('is not in the log: neither the token nor the text', async () => {
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const repeated = 'no: token of bob, [TEXT]; not before tomorrow'
    answer([['gateway', json(400, repeated)]])
    expect(await ringOnce([target('http')], SETTING, 'warn')).toEqual(NOTHING)
    expect(said.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      expect.objectContaining({ failure: 'refused: 400: "no: …, …; not before tomorrow"', targets: 1 }),
    ])
  })
})

describe('an account that comes from an address', () => {
  it('is fetched once, and used', async () => {
    const { serviceAccount } = SETTING.fcm
    const fcm = { authURL: 'https://config.example/account.json' }
    const asked = answer([['config.example', json(200, serviceAccount)], GOOGLE_TOKEN, [':send', json(200, {})]])
    const targets = ['ann', 'bob'].map((userID) => target('fcm', userID))
    expect(await ringOnce(targets, { ...SETTING, fcm })).toEqual({ ...NOTHING, sent: 2 })
    expect(asked.filter((url) => url.includes('config.example'))).toHaveLength(1)
    expect(asked).toContain('https://fcm.googleapis.com/v1/projects/edge/messages:send')
  })
})

describe('Apple', () => {
  it('is not given a new token within twenty minutes, whatever it says of the old one', async () => {
    const asked = answer([['apple', json(403, { reason: 'ExpiredProviderToken' })]])
    const { left, after } = await ringOnce([target('apns')])
    expect(left).toBe(1)
    expect(after).toBeGreaterThan(1_000)
    expect(asked).toHaveLength(1)
  })
})

describe('many users of GeTui', () => {
  it('are rung by one task', async () => {
    const asked = answer([
      GETUI_TOKEN,
      ['/push/list/message', json(200, { code: 0, data: { taskid: 'task' } })],
      ['/push/list/alias', json(200, { code: 0, data: {} })],
    ])
    const targets = Array.from({ length: 150 }, (_, i) => target('getui', `user-${i}`))
    expect(await ringOnce(targets)).toEqual({ ...NOTHING, sent: 150 })
    expect(asked.filter((url) => !url.endsWith('/auth')).map((url) => url.replace(/.*\/push/, ''))).toEqual([
      '/list/message',
      '/list/alias',
    ])
  })
})
