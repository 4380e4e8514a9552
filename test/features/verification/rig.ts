import { createExecutionContext } from 'cloudflare:test'
import { createHash, createHmac } from 'node:crypto'
import { vi } from 'vitest'
import type { Bindings } from '../../../src/env.ts'
import { createApp } from '../../../src/http/app.ts'
import { endpoints } from '../../../src/http/endpoints.ts'
import { bindings, type ReplyBody } from '../../rigs/rig.ts'

/** A deployment with its own settings, and fakes of the providers that it calls. */

const KEYS = { id: 'the-key-id', secret: 'the-key-secret' }

export const SMS = {
  aliyun: {
    ...{ provider: 'aliyun', accessKeyID: KEYS.id, accessKeySecret: KEYS.secret },
    ...{ signName: '测试', templateCode: 'SMS_1' },
  },
  tencent: {
    ...{ provider: 'tencent', secretID: KEYS.id, secretKey: KEYS.secret, appID: '1400', signName: 'Sign' },
    ...{ templateID: '7', templateParams: ['{code}', '{minutes}'] },
  },
  twilio: { provider: 'twilio', accountSID: KEYS.id, authToken: KEYS.secret, from: '+15550001111' },
}

export const MAIL = {
  resend: { provider: 'resend', apiKey: KEYS.secret, from: 'App <app@example.com>' },
  mailgun: { provider: 'mailgun', apiKey: KEYS.secret, domain: 'mg.example.com', from: 'App <app@example.com>' },
  http: {
    ...{ provider: 'http', endpoint: 'https://mail.example.com/send', from: 'app@example.com' },
    headers: { authorization: `Key ${KEYS.secret}` },
  },
}

export class Deployment {
  readonly #env: Bindings

  constructor(settings: Record<string, unknown>) {
    const texts = Object.entries(settings).map(([name, value]) => [
      name,
      ['string', 'undefined'].includes(typeof value) || name === 'EMAIL' ? value : JSON.stringify(value),
    ])
    this.#env = { ...bindings, ...Object.fromEntries(texts) }
  }

  async post(path: string, body: object, ip?: string): Promise<ReplyBody> {
    const headers: Record<string, string> = { operationID: 'test' }
    if (ip !== undefined) headers['cf-connecting-ip'] = ip
    const request = new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    // Work after the reply is not awaited: flushing the counters takes 10 seconds.
    const response = await createApp(endpoints).fetch(request, this.#env, createExecutionContext())
    return response.json()
  }

  send = (to: object, ip?: string) => this.post('/account/code/send', { usedFor: 1, ...to }, ip)
  verify = (to: object, verifyCode: string, more = {}) =>
    this.post('/account/code/verify', { ...to, verifyCode, ...more })
}

/** A request that a provider accepted, because its authentication was valid. */
interface SentRequest {
  to: string
  text: string
  fields: Record<string, unknown>
}

export interface Providers {
  requests: SentRequest[]
  /** The code in the newest message. */
  code: () => string
  /** Sets the answer of the provider to all later requests. */
  answer: (given: Response | Error) => void
}

/** Replaces `fetch`. Each fake provider checks the authentication as the real one does, with separate code. */
export function fakeProviders(): Providers {
  const requests: SentRequest[] = []
  let next: Response | Error | null = null
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit)
    const take = PROVIDERS[new URL(request.url).host]
    if (!take) throw new Error(`no provider has the URL ${request.url}`)
    const { sent, answer } = await take(request)
    requests.push(sent)
    if (next instanceof Error) throw next
    return next?.clone() ?? Response.json(answer)
  })
  return {
    requests,
    code: () => /\d{4,}/.exec(requests.at(-1)?.text ?? '')?.[0] ?? '',
    answer: (given) => {
      next = given
    },
  }
}

type Provider = (request: Request) => Promise<{ sent: SentRequest; answer: object }>

const PROVIDERS: Record<string, Provider> = {
  'dysmsapi.aliyuncs.com': async (request) => {
    requireAcs3(request)
    const fields = Object.fromEntries(new URL(request.url).searchParams)
    return {
      sent: { to: fields.PhoneNumbers ?? '', text: fields.TemplateParam ?? '', fields },
      answer: { Code: 'OK' },
    }
  },
  'sms.tencentcloudapi.com': async (request) => {
    const body = await request.text()
    requireTc3(request, body)
    const fields = JSON.parse(body)
    const answer = { Response: { SendStatusSet: [{ Code: 'Ok' }], RequestId: 'r' } }
    return { sent: { to: fields.PhoneNumberSet[0], text: fields.TemplateParamSet.join(' '), fields }, answer }
  },
  'api.twilio.com': async (request) => {
    requireHeader(request, `Basic ${btoa(`${KEYS.id}:${KEYS.secret}`)}`)
    if (!request.url.endsWith(`/2010-04-01/Accounts/${KEYS.id}/Messages.json`)) throw new Error(request.url)
    const fields = await fieldsOf(request)
    return { sent: { to: fields.To ?? '', text: fields.Body ?? '', fields }, answer: { sid: 's', error_code: null } }
  },
  'api.resend.com': async (request) => {
    requireHeader(request, `Bearer ${KEYS.secret}`)
    const fields = (await request.json()) as { to: string[]; text: string }
    return { sent: { to: fields.to[0] ?? '', text: fields.text, fields: { ...fields } }, answer: { id: 'i' } }
  },
  'api.mailgun.net': async (request) => {
    requireHeader(request, `Basic ${btoa(`api:${KEYS.secret}`)}`)
    if (!request.url.endsWith('/v3/mg.example.com/messages')) throw new Error(request.url)
    const fields = await fieldsOf(request)
    return { sent: { to: fields.to ?? '', text: fields.text ?? '', fields }, answer: { id: 'i' } }
  },
  'mail.example.com': async (request) => {
    requireHeader(request, `Key ${KEYS.secret}`)
    const fields = (await request.json()) as { to: string; text: string }
    return { sent: { to: fields.to, text: fields.text, fields: { ...fields } }, answer: {} }
  },
}

async function fieldsOf(request: Request): Promise<Record<string, string>> {
  return Object.fromEntries([...(await request.formData())].map(([name, value]) => [name, String(value)]))
}

function requireHeader(request: Request, expected: string): void {
  if (request.headers.get('authorization') !== expected) throw new Error('the authentication is not valid')
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

function requireAcs3(request: Request): void {
  const url = new URL(request.url)
  const given = request.headers.get('authorization') ?? ''
  const names = /SignedHeaders=([^,]+)/.exec(given)?.[1] ?? ''
  for (const needed of ['host', 'x-acs-action', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version']) {
    if (!names.split(';').includes(needed)) throw new Error(`${needed} is not signed`)
  }
  const headers = names
    .split(';')
    .map((name) => `${name}:${name === 'host' ? url.host : request.headers.get(name)}\n`)
    .join('')
  const hash = request.headers.get('x-acs-content-sha256') ?? ''
  const canonical = `POST\n/\n${url.search.slice(1)}\n${headers}\n${names}\n${hash}`
  const signature = hmac(KEYS.secret, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).toString('hex')
  requireHeader(request, `ACS3-HMAC-SHA256 Credential=${KEYS.id},SignedHeaders=${names},Signature=${signature}`)
  if (request.headers.get('x-acs-action') !== 'SendSms') throw new Error('the action is not SendSms')
}

function requireTc3(request: Request, body: string): void {
  const timestamp = request.headers.get('x-tc-timestamp') ?? ''
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10)
  const type = request.headers.get('content-type')
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:sms.tencentcloudapi.com\n\ncontent-type;host\n${sha256(body)}`
  const scope = `${date}/sms/tc3_request`
  const key = hmac(hmac(hmac(`TC3${KEYS.secret}`, date), 'sms'), 'tc3_request')
  const signature = hmac(key, `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString('hex')
  requireHeader(
    request,
    `TC3-HMAC-SHA256 Credential=${KEYS.id}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`,
  )
  if (request.headers.get('x-tc-action') !== 'SendSms') throw new Error('the action is not SendSms')
}
