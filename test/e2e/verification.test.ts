import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rest } from './rig/rest.ts'
import { type Server, startServer } from './rig/server.ts'

const KEY_ID = 'the-key-id'
const KEY = 'the-key-secret'
const PHONE = { areaCode: '86', phoneNumber: '13800001111' }
const EMAIL = { email: 'alice@example.com' }

describe('a verification code', () => {
  const arrivals: { path: string; params: URLSearchParams; body: string; problem: string | null }[] = []
  const vendor = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://vendor')
    const problem = pathname === '/sms/' ? wrongWithSignature(request) : wrongWithKey(request)
    arrivals.push({ path: pathname, params: searchParams, body: Buffer.concat(chunks).toString(), problem })
    response.writeHead(problem ? 403 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ Code: problem ? 'SignatureDoesNotMatch' : 'OK' }))
  })
  let server: Server

  beforeAll(async () => {
    await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
    const { port } = vendor.address() as { port: number }
    const sms = {
      ...{ provider: 'aliyun', accessKeyID: KEY_ID, accessKeySecret: KEY, signName: 'Sign (测试)' },
      ...{ templateCode: 'SMS_1', endpoint: `http://127.0.0.1:${port}/sms/` },
    }
    const mail = {
      ...{ provider: 'http', from: 'app@example.com', endpoint: `http://127.0.0.1:${port}/mail` },
      headers: { authorization: `Bearer ${KEY}` },
    }
    server = await startServer({ env: { OPENIM_SMS: JSON.stringify(sms), OPENIM_MAIL: JSON.stringify(mail) } })
  })
  afterAll(async () => {
    await server?.remove()
    vendor.close()
  })

  const call = (path: string, body: object) => rest(server).post(`/account/code/${path}`, body)

  it('is sent by SMS with a valid signature, and is accepted once', async () => {
    expect(await call('send', { usedFor: 1, ...PHONE })).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    const [arrival] = arrivals
    expect(arrival).toMatchObject({ path: '/sms/', problem: null })
    expect(arrival?.params.get('PhoneNumbers')).toBe('8613800001111')
    expect(arrival?.params.get('SignName')).toBe('Sign (测试)')
    const { code } = JSON.parse(arrival?.params.get('TemplateParam') ?? '{}')
    expect(code).toMatch(/^\d{6}$/)
    const wrong = code === '000000' ? '000001' : '000000'
    expect(await call('verify', { ...PHONE, verifyCode: wrong })).toMatchObject({ errCode: 20006 })
    expect(await call('verify', { ...PHONE, verifyCode: code, consume: true })).toMatchObject({ errCode: 0 })
    expect(await call('verify', { ...PHONE, verifyCode: code })).toMatchObject({ errCode: 20009 })
    expect(await call('send', { usedFor: 1, ...PHONE })).toMatchObject({ errCode: 20005 })
    expect(server.logs).not.toContain(code)
  })

  it('is sent by mail with the key, and stays valid after a restart of the server', async () => {
    expect(await call('send', { usedFor: 3, ...EMAIL })).toMatchObject({ errCode: 0 })
    const { path, body, problem } = arrivals.at(-1) ?? {}
    expect({ path, problem }).toEqual({ path: '/mail', problem: null })
    const letter = JSON.parse(body ?? '{}')
    expect(letter).toMatchObject({ from: 'app@example.com', to: EMAIL.email, subject: 'Your code' })
    const code = /\d{6}/.exec(letter.text)?.[0] ?? ''
    await server.restart()
    expect(await call('verify', { ...EMAIL, verifyCode: code })).toMatchObject({ errCode: 0 })
    expect(server.logs).not.toContain(code)
  })
})

function wrongWithKey(request: IncomingMessage): string | null {
  return request.headers.authorization === `Bearer ${KEY}` ? null : 'wrong key'
}

/** Checks the signature as Alibaba Cloud does: ACS3-HMAC-SHA256. */
function wrongWithSignature({ headers, url = '' }: IncomingMessage): string | null {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const [, names = '', given] = /SignedHeaders=([^,]+),Signature=(\w+)$/.exec(headers.authorization ?? '') ?? []
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`)
  const [path, query] = url.split('?')
  const canonical = `POST\n${path}\n${query}\n${lines.join('')}\n${names}\n${sha256('')}`
  const expected = createHmac('sha256', KEY)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex')
  return given === expected && names.startsWith('host;x-acs-action;') ? null : `signed with ${given}`
}
