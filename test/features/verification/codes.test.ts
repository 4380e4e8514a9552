import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { verificationCode, verificationCount } from '../../../src/features/verification/tables.ts'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { bindings } from '../../rigs/rig.ts'
import { Deployment, fakeProviders, MAIL, type Providers, SMS } from './rig.ts'

const PHONE = { areaCode: '+86', phoneNumber: '13800001111' }
const LATER = { areaCode: '+44', phoneNumber: '7700900123' }
const EMAIL = { email: 'Alice@example.com' }

let providers: Providers

const deployment = (given: Record<string, unknown> = {}) =>
  new Deployment({ OPENIM_SMS: SMS.twilio, OPENIM_MAIL: MAIL.resend, OPENIM_CODES: { pauseSeconds: 0 }, ...given })

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  providers = fakeProviders()
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  const db = openDatabase(bindings.DB)
  await db.batch([db.delete(verificationCode), db.delete(verificationCount)])
})

describe('a code by SMS', () => {
  it.each([
    ['aliyun', '8613800001111', '447700900123'],
    ['tencent', '+8613800001111', '+447700900123'],
    ['twilio', '+8613800001111', '+447700900123'],
  ] as const)('is sent to the phone through %s with a valid signature', async (name, home, abroad) => {
    const service = deployment({ OPENIM_SMS: SMS[name] })
    expect(await service.send(PHONE)).toMatchObject({ errCode: 0 })
    expect(providers.requests).toMatchObject([{ to: home, text: expect.stringMatching(/(?<!\d)\d{6}(?!\d)/) }])
    expect(await service.verify(PHONE, providers.code())).toMatchObject({ errCode: 0 })
    await service.send(LATER)
    expect(providers.requests.at(-1)?.to).toBe(abroad)
  })

  it('contains the fields that each provider requires', async () => {
    await deployment({ OPENIM_SMS: SMS.aliyun }).send(PHONE)
    expect(providers.requests.at(-1)?.fields).toMatchObject({ SignName: '测试', TemplateCode: 'SMS_1' })
    await deployment({ OPENIM_SMS: SMS.tencent }).send(PHONE)
    expect(providers.requests.at(-1)?.fields).toMatchObject({
      ...{ SmsSdkAppId: '1400', SignName: 'Sign', TemplateId: '7', TemplateParamSet: [providers.code(), '5'] },
    })
    await deployment({ OPENIM_SMS: { ...SMS.twilio, text: '{code} for {minutes} min' } }).send(PHONE)
    expect(providers.requests.at(-1)).toMatchObject({
      text: `${providers.code()} for 5 min`,
      fields: { From: '+15550001111' },
    })
  })

  it.each([
    ['aliyun', Response.json({ Code: 'isv.BUSINESS_LIMIT_CONTROL', Message: 'm' })],
    ['tencent', Response.json({ Response: { SendStatusSet: [{ Code: 'LimitExceeded.PhoneNumberDailyLimit' }] } })],
    ['tencent', Response.json({ Response: { Error: { Code: 'AuthFailure.SignatureFailure' } } })],
    ['twilio', Response.json({ code: 21211, message: 'm' }, { status: 400 })],
    ['twilio', new Response('busy', { status: 503 })],
    ['twilio', new Response(null, { status: 307, headers: { location: 'https://elsewhere.example.com' } })],
    ['aliyun', new TypeError('Network connection lost: https://dysmsapi.aliyuncs.com/?TemplateParam=123456')],
  ] as const)('is answered with 10008 when %s refuses, and can be requested again at once', async (name, answer) => {
    const printed = captureLog()
    const service = deployment({ OPENIM_SMS: SMS[name], OPENIM_CODES: { pauseSeconds: 60 } })
    providers.answer(answer)
    expect(await service.send(PHONE)).toMatchObject({ errCode: 10008, errMsg: 'SmsSendCodeErr' })
    expect(printed()).toContain('sending a verification code failed')
    expect(printed()).not.toContain('TemplateParam')
    expect((await service.verify(PHONE, providers.code())).errCode).toBe(20007)
    providers.answer(Response.json({ Code: 'OK', Response: {} }))
    expect((await service.send(PHONE)).errCode).toBe(0)
  })
})

describe('a code by mail', () => {
  it.each(['resend', 'mailgun', 'http'] as const)('is sent to the mailbox through %s', async (name) => {
    const service = deployment({ OPENIM_MAIL: { ...MAIL[name], subject: '{code} is your code' } })
    expect(await service.send(EMAIL)).toMatchObject({ errCode: 0 })
    const { to, fields } = providers.requests[0] ?? {}
    expect(to).toBe('Alice@example.com')
    expect(fields).toMatchObject({ from: MAIL[name].from, subject: `${providers.code()} is your code` })
    expect(await service.verify({ email: 'alice@EXAMPLE.com' }, providers.code())).toMatchObject({ errCode: 0 })
  })

  it('is sent through the binding with the provider cloudflare', async () => {
    const sent: { to: string; text: string }[] = []
    const EMAIL_BINDING = { send: async (email: { to: string; text: string }) => sent.push(email) }
    const setting = { provider: 'cloudflare', from: 'app@example.com' }
    expect((await deployment({ OPENIM_MAIL: setting, EMAIL: EMAIL_BINDING }).send(EMAIL)).errCode).toBe(0)
    expect(sent).toMatchObject([{ to: 'Alice@example.com', from: 'app@example.com' }])
    pass(60)
    expect((await deployment({ OPENIM_MAIL: setting }).send(EMAIL)).errCode).toBe(10007)
  })

  it('is not sent when no provider is configured', async () => {
    const service = deployment({ OPENIM_MAIL: undefined, OPENIM_SMS: undefined })
    expect(await service.send(EMAIL)).toMatchObject({ errCode: 500, errDlt: expect.stringContaining('OPENIM_MAIL') })
    expect(await service.send(PHONE)).toMatchObject({ errCode: 500, errDlt: expect.stringContaining('OPENIM_SMS') })
  })
})

describe('verifying a code', () => {
  it('accepts the newest code of an address repeatedly, until a call consumes the code', async () => {
    const service = deployment()
    await service.send(PHONE)
    const older = providers.code()
    pass(1)
    await service.send({ areaCode: '86', phoneNumber: PHONE.phoneNumber })
    const code = providers.code()
    if (older !== code) expect((await service.verify(PHONE, older)).errCode).toBe(20006)
    for (let i = 0; i < 10; i++) expect((await service.verify(PHONE, code)).errCode).toBe(0)
    expect((await service.verify(PHONE, code, { consume: true })).errCode).toBe(0)
    expect(await service.verify(PHONE, code)).toMatchObject({ errCode: 20009, errMsg: 'VerifyCodeUsed' })
  })

  it('accepts a code that was sent before a rotation of the secret, and codes of after it', async () => {
    const before = deployment({ OPENIM_SECRET: 'the secret before' })
    const during = deployment({ OPENIM_SECRET: 'the secret after', OPENIM_SECRET_PREVIOUS: 'the secret before' })
    const after = deployment({ OPENIM_SECRET: 'the secret after' })
    await before.send(PHONE)
    const code = providers.code()
    expect((await after.verify(PHONE, code)).errCode).toBe(20007)
    expect((await during.verify(PHONE, code)).errCode).toBe(0)
    pass(1)
    await during.send(PHONE)
    expect((await during.verify(PHONE, providers.code())).errCode).toBe(0)
    expect((await after.verify(PHONE, providers.code(), { consume: true })).errCode).toBe(0)
    expect((await during.verify(PHONE, providers.code())).errCode).toBe(20009)
  })

  it('lets only one of many parallel calls consume a code', async () => {
    const service = deployment({ OPENIM_CODES: { maxAttempts: 20 } })
    await service.send(PHONE)
    const code = providers.code()
    const replies = await Promise.all(Array.from({ length: 8 }, () => service.verify(PHONE, code, { consume: true })))
    expect(replies.map(({ errCode }) => errCode).sort()).toEqual([0, ...Array(7).fill(20009)])
  })

  it('fails after 5 wrong codes, even when the calls are parallel', async () => {
    const service = deployment()
    await service.send(PHONE)
    const code = providers.code()
    const wrong = code === '000000' ? '000001' : '000000'
    const replies = await Promise.all(Array.from({ length: 12 }, () => service.verify(PHONE, wrong)))
    const codes = replies.map(({ errCode }) => errCode)
    expect(codes.filter((errCode) => errCode === 20006)).toHaveLength(5)
    expect(codes.filter((errCode) => errCode === 20008)).toHaveLength(7)
    expect(await service.verify(PHONE, code)).toMatchObject({ errCode: 20008, errMsg: 'VerifyCodeMaxCount' })
  })

  it('fails from 5 minutes after the code was sent', async () => {
    const service = deployment()
    await service.send(PHONE)
    pass(299)
    expect((await service.verify(PHONE, providers.code())).errCode).toBe(0)
    pass(1)
    expect(await service.verify(PHONE, providers.code())).toMatchObject({ errCode: 20007, errMsg: 'VerifyCodeExpired' })
    expect((await service.verify(LATER, '123456')).errCode).toBe(20007)
  })

  it('accepts a code for its own address only', async () => {
    const service = deployment()
    await service.send(PHONE)
    await service.send(EMAIL)
    const code = providers.code()
    expect((await service.verify(LATER, code)).errCode).toBe(20007)
    expect((await service.verify(EMAIL, code)).errCode).toBe(0)
  })
})

describe('the rate limit of codes', () => {
  it('requires 60 seconds between two codes to an address', async () => {
    const service = deployment({ OPENIM_CODES: {} })
    expect((await service.send(PHONE)).errCode).toBe(0)
    pass(59)
    expect(await service.send(PHONE)).toMatchObject({ errCode: 20005, errMsg: 'VerifyCodeSendFrequently' })
    expect((await service.send(EMAIL)).errCode).toBe(0)
    pass(1)
    expect((await service.send(PHONE)).errCode).toBe(0)
    expect(providers.requests).toHaveLength(3)
  })

  it('allows one code when many codes are requested at the same time', async () => {
    const service = deployment({ OPENIM_CODES: {} })
    const replies = await Promise.all(Array.from({ length: 6 }, () => service.send(PHONE)))
    expect(replies.map(({ errCode }) => errCode).sort()).toEqual([0, ...Array(5).fill(20005)])
    expect(providers.requests).toHaveLength(1)
  })

  it('does not count a request that arrives too early', async () => {
    const service = deployment({ OPENIM_CODES: { maxPerAddress: 2 } })
    await service.send(PHONE)
    for (let i = 0; i < 5; i++) expect((await service.send(PHONE)).errCode).toBe(20005)
    pass(60)
    expect((await service.send(PHONE)).errCode).toBe(0)
  })

  it('allows 10 codes a day to an address', async () => {
    const service = deployment()
    for (let i = 0; i < 10; i++) expect((await service.send(PHONE)).errCode).toBe(0)
    expect((await service.send(PHONE)).errCode).toBe(20005)
    pass(86_400)
    expect((await service.send(PHONE)).errCode).toBe(0)
  })

  it('limits the codes that one network requests for all addresses', async () => {
    const service = deployment({ OPENIM_CODES: { pauseSeconds: 0, maxPerIP: 3 } })
    const ask = (i: number, ip: string) => service.send({ areaCode: '1', phoneNumber: `555000${i}` }, ip)
    for (let i = 0; i < 3; i++) expect((await ask(i, '203.0.113.7')).errCode).toBe(0)
    expect((await ask(4, '203.0.113.7')).errCode).toBe(20005)
    expect((await ask(4, '203.0.113.8')).errCode).toBe(0)
    for (let i = 5; i < 8; i++) expect((await ask(i, `2001:db8:0:1::${i}`)).errCode).toBe(0)
    expect((await ask(9, '2001:DB8::1:abcd:0:0:1')).errCode).toBe(20005)
    expect((await ask(9, '2001:db8:0:2::1')).errCode).toBe(0)
  })
})

describe('stored data', () => {
  it('contains no code, address or network, and neither does the log', async () => {
    const printed = captureLog()
    const service = deployment({ OPENIM_LOG_LEVEL: 'debug' })
    await service.send(PHONE, '203.0.113.7')
    await service.send(EMAIL, '203.0.113.7')
    const codes = providers.requests.map(({ text }) => /\d{6}/.exec(text)?.[0] ?? '')
    await service.verify(PHONE, codes[0] ?? '')
    await service.verify(EMAIL, 'wrong')
    const db = openDatabase(bindings.DB)
    const rows = JSON.stringify([await db.select().from(verificationCode), await db.select().from(verificationCount)])
    expect(rows).toContain('codeHash')
    for (const secret of [...codes, PHONE.phoneNumber, 'example.com', '203.0.113']) {
      expect(rows.replace(/"\w+Time":\d+|"windowStart":\d+/g, '')).not.toContain(secret)
      expect(printed()).not.toContain(secret)
    }
  })

  it('is deleted after a day', async () => {
    const service = deployment()
    await service.send(PHONE, '203.0.113.7')
    pass(2 * 86_400)
    await service.send(EMAIL)
    const db = openDatabase(bindings.DB)
    const left = async () => [await db.$count(verificationCode), await db.$count(verificationCount)]
    await expect.poll(left).toEqual([1, 1])
  })
})

describe('an invalid request', () => {
  it.each([
    [{ ...PHONE, usedFor: 4 }, 'usedFor'],
    [{ areaCode: '86' }, 'phoneNumber'],
    [{ phoneNumber: '13800001111' }, 'areaCode'],
    [{ areaCode: '+86x', phoneNumber: '13800001111' }, 'areaCode'],
    [{ areaCode: '86', phoneNumber: '138-0000' }, 'phoneNumber'],
    [{ email: 'alice' }, 'email'],
  ])('is refused with the name of the field: %o', async (given, field) => {
    expect(await deployment().send(given)).toMatchObject({
      errCode: 1001,
      errDlt: expect.stringMatching(new RegExp(`^${field}: `)),
    })
    expect(providers.requests).toEqual([])
  })
})

/** Captures all log output from now on. */
function captureLog(): () => string {
  const lines: unknown[] = []
  for (const method of ['log', 'warn', 'error', 'info', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...given) => void lines.push(...given))
  }
  return () => lines.map(String).join('\n')
}
