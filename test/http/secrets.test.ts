import { createExecutionContext } from 'cloudflare:test'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import worker from '../../src/worker.ts'
import { bindings, type ReplyBody } from '../rigs/rig.ts'

/** An address at which no server listens. */
const NOWHERE = 'http://127.0.0.1:9'

const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString()
const RSA = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
const EC = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
const VAPID = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const PUBLIC = Buffer.concat([
  Buffer.from([4]),
  Buffer.from(VAPID.x ?? '', 'base64url'),
  Buffer.from(VAPID.y ?? '', 'base64url'),
])

const SECRET = 'hush-the-secret-of-the-app'

/** A deployment with all settings that contain secrets. */
const env = {
  ...bindings,
  OPENIM_LOG_LEVEL: 'debug',
  OPENIM_SECRET: SECRET,
  OPENIM_SECRET_PREVIOUS: 'hush-the-secret-before-it',
  OPENIM_METRICS_TOKEN: 'hush-metrics-token',
  OPENIM_S3_ENDPOINT: NOWHERE,
  OPENIM_S3_BUCKET: 'files',
  OPENIM_S3_ACCESS_KEY_ID: 'hush-key-id',
  OPENIM_S3_SECRET_ACCESS_KEY: 'hush-s3-secret',
  OPENIM_SMS: JSON.stringify({
    ...{ provider: 'aliyun', accessKeyID: 'hush-aliyun-id', accessKeySecret: 'hush-aliyun-secret' },
    ...{ signName: 'app', templateCode: 'SMS_1', endpoint: NOWHERE },
  }),
  OPENIM_MAIL: JSON.stringify({ provider: 'resend', apiKey: 'hush-resend', from: 'a@example.com', endpoint: NOWHERE }),
  OPENIM_WEBHOOKS: JSON.stringify({ url: `${NOWHERE}/?key=hush-query`, beforeAddFriend: { enable: true } }),
  OPENIM_WEBHOOK_SECRET: 'hush-webhook-secret',
  OPENIM_PUSH: JSON.stringify({
    enable: ['fcm', 'apns', 'webpush', 'http', 'jpush', 'getui'],
    apns: { keyID: 'k', teamID: 't', topic: 'com.example' },
    webpush: { publicKey: PUBLIC.toString('base64url'), subject: 'mailto:ops@example.com' },
    http: { url: NOWHERE },
    jpush: { appKey: 'k' },
    getui: { pushUrl: `${NOWHERE}/v2/app`, appKey: 'k' },
  }),
  OPENIM_PUSH_FCM_ACCOUNT: JSON.stringify({ project_id: 'edge', client_email: 'a@edge.example', private_key: RSA }),
  OPENIM_PUSH_APNS_KEY: EC,
  OPENIM_PUSH_VAPID_KEY: VAPID.d ?? '',
  OPENIM_PUSH_HTTP_SECRET: 'hush-gateway-secret',
  OPENIM_PUSH_JPUSH_SECRET: 'hush-jpush',
  OPENIM_PUSH_GETUI_SECRET: 'hush-getui',
} as typeof bindings

/** The texts that must not leak: everything that begins with `hush-`, and a line of each key. */
const SECRETS = [/hush-[\w-]+/, ...[RSA, EC].map((key) => key.split('\n')[1] ?? ''), VAPID.d ?? '']

const found = (text: string) => SECRETS.filter((secret) => secret !== '' && text.match(secret)).map(String)

async function call(path: string, init: RequestInit = {}): Promise<string> {
  const headers = { operationID: 'op', ...init.headers }
  const request = new Request(`http://127.0.0.1${path}`, { ...init, headers })
  const response = await worker.fetch(request, env, createExecutionContext())
  return `${[...response.headers].join('\n')}\n\n${await response.text()}`
}

const ask = (path: string, body: string, token: string) => call(path, { method: 'POST', body, headers: { token } })
const replyIn = (text: string): ReplyBody => JSON.parse(text.slice(text.indexOf('\n\n')))

let logged: string[]
let token: string

beforeEach(async () => {
  logged = []
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void logged.push(String(line)))
  }
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('connection refused'))
  const body = JSON.stringify({ secret: SECRET, userID: 'imAdmin' })
  token = replyIn(await ask('/auth/get_admin_token', body, '')).data.token
})

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a secret', () => {
  it('is in no answer to an administrator, and in no log line', async () => {
    for (const { path } of endpoints) {
      for (const body of ['{}', '{"userID":', '[]']) {
        const answer = await ask(path, body, token)
        expect([path, body, found(answer), answer.includes(token)]).toEqual([path, body, [], false])
      }
    }
    expect(found(logged.join('\n'))).toEqual([])
    expect(logged.join('\n')).not.toContain(token)
  }, 60_000)

  it('is in no configuration file that the API shows', async () => {
    const { configNames } = replyIn(await ask('/config/get_config_list', '{}', token)).data
    expect(configNames.length).toBeGreaterThan(5)
    for (const configName of configNames) {
      const answer = await ask('/config/get_config', JSON.stringify({ configName }), token)
      expect([configName, replyIn(answer).errCode, found(answer)]).toEqual([configName, 0, []])
    }
  })

  it('is not in the metrics, the documentation or the answers to probes', async () => {
    const pages = ['/metrics', '/openapi.json', '/docs', '/readyz', '/healthz', '/prometheus_discovery/api', '/nothing']
    for (const path of pages) {
      const answer = await call(path, { headers: { token } })
      expect([path, found(answer), answer.includes(token)]).toEqual([path, [], false])
    }
    expect(await call('/readyz')).toContain('"files":"not available"')
  })

  it('is neither quoted in the answer to a wrong secret nor logged', async () => {
    const guess = JSON.stringify({ secret: 'hush-a-guess', userID: 'imAdmin' })
    const answers = [
      await ask('/auth/get_admin_token', guess, ''),
      await ask('/auth/parse_token', '{"token":"hush-no-token"}', token),
      await ask('/user/get_users_info', '{"userIDs":["a"]}', 'hush-no-token'),
      await call('/metrics', { headers: { authorization: 'Bearer hush-no-token' } }),
      await call('/?sendID=a&platformID=5&operationID=op&token=hush-no-token', { headers: { upgrade: 'websocket' } }),
      await call('/object_part/none/1?size=1&expires=9999999999999&signature=hush-no-signature', { method: 'PUT' }),
    ]
    expect(answers.map(found)).toEqual(answers.map(() => []))
    expect(found(logged.join('\n'))).toEqual([])
  })

  it('is not in the log when a vendor or the file store cannot be reached', async () => {
    const codes = [{ email: 'alice@example.com' }, { areaCode: '86', phoneNumber: '13800000000' }]
    for (const to of codes) await ask('/account/code/send', JSON.stringify({ usedFor: 1, ...to }), token)
    const file = { hash: 'a'.repeat(32), size: 6_000_000, name: 'imAdmin/f', maxParts: -1, contentType: '', cause: '' }
    const answer = await ask('/object/initiate_multipart_upload', JSON.stringify(file), token)
    expect(replyIn(answer)).toMatchObject({ errCode: 500, errDlt: 'the call could not be completed; try again' })
    const messages = logged.map((line) => JSON.parse(line).message)
    expect(messages).toEqual([
      'sending a verification code failed',
      'sending a verification code failed',
      'REST call failed',
    ])
    expect(found(logged.join('\n'))).toEqual([])
    expect(logged.join('\n')).not.toMatch(/alice@example|13800000000/)
  })
})

describe('the refusal for a setting that is not valid', () => {
  const hush = 'hush-hush-hush'
  const push = (setting: object) => ({ OPENIM_PUSH: JSON.stringify(setting) })

  it.each<[string, Record<string, string>]>([
    ['OPENIM_PUSH', { OPENIM_PUSH: `{"enable":"http","http":{"secret":"${hush}"` }],
    ['OPENIM_PUSH', push({ enable: 'jpush', jpush: { masterSecret: hush } })],
    ['OPENIM_PUSH', { ...push({ enable: 'fcm', fcm: {} }), OPENIM_PUSH_FCM_ACCOUNT: hush }],
    [
      'OPENIM_PUSH',
      { ...push({ enable: 'apns', apns: { keyID: 'k', teamID: 't', topic: 'c' } }), OPENIM_PUSH_APNS_KEY: hush },
    ],
    ['OPENIM_PUSH', { ...push({ enable: 'http', http: { url: hush } }), OPENIM_PUSH_HTTP_SECRET: hush }],
    ['OPENIM_SMS', { OPENIM_SMS: hush }],
    ['OPENIM_SMS', { OPENIM_SMS: JSON.stringify({ provider: 'aliyun', accessKeySecret: hush }) }],
    ['OPENIM_SMS', { OPENIM_SMS: JSON.stringify({ provider: hush }) }],
    ['OPENIM_MAIL', { OPENIM_MAIL: `{"apiKey":"${hush}` }],
    ['OPENIM_MAIL', { OPENIM_MAIL: JSON.stringify({ provider: 'http', endpoint: hush, from: 'a' }) }],
    ['OPENIM_WEBHOOKS', { OPENIM_WEBHOOKS: JSON.stringify({ url: hush, afterUserRegister: { enable: true } }) }],
    ['OPENIM_S3_', { OPENIM_S3_SECRET_ACCESS_KEY: hush }],
  ])('names %s and does not quote its value: %o', (name, given) => {
    const { refusal } = parseConfig({ OPENIM_LOCAL: '1', OPENIM_SECRET: 'openIM123', ...given })
    expect(refusal).toContain(name)
    expect(refusal).not.toContain(hush)
  })
})
