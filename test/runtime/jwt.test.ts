import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { signToken, verifyToken } from '../../src/runtime/jwt.ts'

const SECRET = 'a secret'
const NOW = 1_795_000_000_000
const SECONDS = NOW / 1000

const utf8 = new TextEncoder()

const base64url = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** A token of exactly these bytes. */
async function signed(header: object, payload: object | string, secret = SECRET): Promise<string> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', utf8.encode(secret), hmac, false, ['sign'])
  const content = `${base64url(header)}.${base64url(payload)}`
  const signature = await crypto.subtle.sign('HMAC', key, utf8.encode(content))
  return `${content}.${Buffer.from(signature).toString('base64url')}`
}

const USUAL = { alg: 'HS256', typ: 'JWT' }
const CLAIMS = { UserID: 'alice', PlatformID: 5, exp: SECONDS + 60, iat: SECONDS }

const codeOf = (token: string, now = NOW) =>
  verifyToken(token, SECRET, now).then(
    () => 0,
    (error: { code: number }) => error.code,
  )

describe('a token', () => {
  it('of this service says who it is for, and names itself by its signature', async () => {
    const options = { secret: SECRET, now: NOW, expireSeconds: 60 }
    const { token, claims } = await signToken({ userID: 'alice', platformID: 5 }, options)
    expect(claims).toEqual({ userID: 'alice', platformID: 5, expiresAt: SECONDS + 60, key: token.split('.')[2] })
    expect(await verifyToken(token, SECRET, NOW)).toEqual(claims)
  })

  it.each([
    ['with the usual header', USUAL],
    ['with its fields the other way round', { typ: 'JWT', alg: 'HS256' }],
    ['without a type', { alg: 'HS256' }],
  ])('%s holds until it expires', async (_name, header) => {
    const token = await signed(header, CLAIMS)
    expect(await verifyToken(token, SECRET, NOW)).toMatchObject({ userID: 'alice', platformID: 5 })
    expect(await codeOf(token, NOW + 59_000)).toBe(0)
    expect(await codeOf(token, NOW + 60_000)).toBe(1501)
  })

  it.each([
    ['signed by another', () => signed(USUAL, CLAIMS, 'another secret'), 1505],
    ['without a signature', async () => `${base64url({ alg: 'none' })}.${base64url(CLAIMS)}.`, 1505],
    ['cut short', async () => (await signed(USUAL, CLAIMS)).slice(0, -1), 1505],
    ['with one part more', async () => `${await signed(USUAL, CLAIMS)}.x`, 1503],
    ['that is expired', () => signed(USUAL, { ...CLAIMS, exp: SECONDS - 1 }), 1501],
    ['that is not valid yet', () => signed(USUAL, { ...CLAIMS, nbf: SECONDS + 30 }), 1504],
    ['without a time', () => signed(USUAL, { UserID: 'alice', PlatformID: 5 }), 1503],
    ['without a user', () => signed(USUAL, { PlatformID: 5, exp: SECONDS + 60 }), 1503],
    ['that holds no JSON', () => signed(USUAL, 'no JSON'), 1503],
    ['that holds no object', () => signed(USUAL, '7'), 1503],
    ['that holds nothing', () => signed(USUAL, 'null'), 1503],
  ])('%s is refused', async (_name, make, code) => {
    expect(await codeOf(await make())).toBe(code)
  })

  it('of jose holds as well', async () => {
    const token = await new SignJWT({ UserID: 'alice', PlatformID: 5 })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(SECONDS + 60)
      .sign(utf8.encode(SECRET))
    expect(await codeOf(token)).toBe(0)
  })
})
