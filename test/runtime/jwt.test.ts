import { jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { signToken, verifyToken } from '../../src/runtime/jwt.ts'

const SECRET = 'a secret'
const NOW = 1_795_000_000_000
const SECONDS = NOW / 1000

const utf8 = new TextEncoder()

const base64url = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** A token of exactly these bytes; `hash` is the one that the signature is made with, whatever the header says. */
async function signed(
  header: object | string,
  payload: object | string,
  { secret = SECRET, hash = 'SHA-256' } = {},
): Promise<string> {
  return signedParts(base64url(header), base64url(payload), { secret, hash })
}

/** A token of these two parts as they are, with a valid signature over them. */
async function signedParts(
  header: string,
  payload: string,
  { secret = SECRET, hash = 'SHA-256' } = {},
): Promise<string> {
  const key = await crypto.subtle.importKey('raw', utf8.encode(secret), { name: 'HMAC', hash }, false, ['sign'])
  const signature = await crypto.subtle.sign('HMAC', key, utf8.encode(`${header}.${payload}`))
  return `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`
}

const USUAL = { alg: 'HS256', typ: 'JWT' }
const CLAIMS = { UserID: 'alice', PlatformID: 5, exp: SECONDS + 60, iat: SECONDS }

const codeOf = (token: string, now = NOW) =>
  verifyToken(token, [SECRET], now).then(
    () => 0,
    (error: { code: number }) => error.code,
  )

/** Whether jose alone accepts a token. */
const joseAccepts = (token: string) =>
  jwtVerify(token, utf8.encode(SECRET), { algorithms: ['HS256'], currentDate: new Date(NOW) }).then(
    () => true,
    () => false,
  )

describe('verifyToken', () => {
  it('returns user, platform, expiry and signature of a token that signToken made', async () => {
    const options = { secret: SECRET, now: NOW, expireSeconds: 60 }
    const { token, claims } = await signToken({ userID: 'alice', platformID: 5 }, options)
    expect(claims).toEqual({ userID: 'alice', platformID: 5, expiresAt: SECONDS + 60, key: token.split('.')[2] })
    expect(await verifyToken(token, [SECRET], NOW)).toEqual(claims)
  })

  it.each([
    ['with the usual header', USUAL],
    ['with its fields the other way round', { typ: 'JWT', alg: 'HS256' }],
    ['without a type', { alg: 'HS256' }],
  ])('accepts a token %s until it expires', async (_name, header) => {
    const token = await signed(header, CLAIMS)
    expect(await verifyToken(token, [SECRET], NOW)).toMatchObject({ userID: 'alice', platformID: 5 })
    expect(await codeOf(token, NOW + 59_000)).toBe(0)
    expect(await codeOf(token, NOW + 60_000)).toBe(1501)
  })

  it('accepts a token of either secret, each with its own error, and none of a third', async () => {
    const previous = 'the secret before'
    const code = (token: string) =>
      verifyToken(token, [SECRET, previous], NOW).then(
        () => 0,
        (error: { code: number }) => error.code,
      )
    const expired = { ...CLAIMS, exp: SECONDS - 1 }
    expect(await code(await signed(USUAL, CLAIMS))).toBe(0)
    expect(await code(await signed(USUAL, CLAIMS, { secret: previous }))).toBe(0)
    expect(await code(await signed(USUAL, expired, { secret: previous }))).toBe(1501)
    expect(await code(await signed(USUAL, CLAIMS, { secret: 'a third secret' }))).toBe(1505)
    expect(await code('a.b.c')).toBe(1503)
    // Once the previous secret is removed, its tokens end, also those that were verified before.
    expect(await codeOf(await signed(USUAL, CLAIMS, { secret: previous }))).toBe(1505)
  })

  it('signs two tokens of one second as distinct texts', async () => {
    const sign = () => signToken({ userID: 'alice', platformID: 5 }, { secret: SECRET, now: NOW, expireSeconds: 60 })
    expect((await sign()).token).not.toBe((await sign()).token)
  })

  it('accepts a token that jose signed', async () => {
    const token = await new SignJWT({ UserID: 'alice', PlatformID: 5 })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(SECONDS + 60)
      .sign(utf8.encode(SECRET))
    expect(await codeOf(token)).toBe(0)
  })

  /** The text of a JSON object that a token cannot be made of otherwise. */
  const claims = (rest: string) => `{"UserID":"alice","PlatformID":5,${rest}}`
  const exp = `"exp":${SECONDS + 60}`

  it.each<[string, () => Promise<string>, number]>([
    ['signed with another secret', () => signed(USUAL, CLAIMS, { secret: 'another secret' }), 1505],
    ['without a signature', async () => `${base64url({ alg: 'none' })}.${base64url(CLAIMS)}.`, 1505],
    ['of algorithm none with a valid signature', () => signed({ alg: 'none' }, CLAIMS), 1505],
    ['of algorithm HS512', () => signed({ alg: 'HS512' }, CLAIMS, { hash: 'SHA-512' }), 1505],
    ['of algorithm hs256 in lower case', () => signed({ alg: 'hs256' }, CLAIMS), 1505],
    ['without an algorithm', () => signed({ typ: 'JWT' }, CLAIMS), 1503],
    ['whose algorithm is a list', () => signed({ alg: ['HS256'] }, CLAIMS), 1503],
    ['with an unknown critical header', () => signed({ ...USUAL, crit: ['x'], x: 1 }, CLAIMS), 1505],
    ['with an empty list of critical headers', () => signed({ ...USUAL, crit: [] }, CLAIMS), 1503],
    ['with an unencoded payload', () => signed({ ...USUAL, b64: false, crit: ['b64'] }, CLAIMS), 1503],
    ['whose header is a list', () => signed('["HS256"]', CLAIMS), 1503],
    ['whose header is not JSON', () => signed('HS256', CLAIMS), 1503],
    ['whose signature is one character short', async () => (await signed(USUAL, CLAIMS)).slice(0, -1), 1505],
    ['whose signature is cut by half', async () => (await signed(USUAL, CLAIMS)).slice(0, -21), 1505],
    ['without a payload', async () => (await signed(USUAL, CLAIMS)).replace(/\..*\./, '..'), 1505],
    ['without a header', async () => (await signed(USUAL, CLAIMS)).replace(/^[^.]*/, ''), 1503],
    ['of two parts', async () => (await signed(USUAL, CLAIMS)).replace(/\.[^.]*$/, ''), 1503],
    ['with one part more', async () => `${await signed(USUAL, CLAIMS)}.x`, 1503],
    ['with a dot at the end', async () => `${await signed(USUAL, CLAIMS)}.`, 1503],
    ['with a letter that is not ASCII in the payload', () => signedParts(base64url(USUAL), 'é'), 1503],
    ['with a letter that is not ASCII in the header', () => signedParts('é', base64url(CLAIMS)), 1503],
    ['with a letter that is not ASCII in the signature', async () => `${await signed(USUAL, CLAIMS)}é`, 1503],
    ['in the base64 that is not for URLs', () => signedParts('+/+/', base64url(CLAIMS)), 1503],
    ['that is empty', async () => '', 1503],
    ['that has expired', () => signed(USUAL, { ...CLAIMS, exp: SECONDS - 1 }), 1501],
    ['that expires this second', () => signed(USUAL, { ...CLAIMS, exp: SECONDS }), 1501],
    ['that is not valid yet', () => signed(USUAL, { ...CLAIMS, nbf: SECONDS + 30 }), 1504],
    ['whose expiry is a string', () => signed(USUAL, { ...CLAIMS, exp: String(SECONDS + 60) }), 1505],
    ['whose issue time is a string', () => signed(USUAL, { ...CLAIMS, iat: 'today' }), 1505],
    ['whose second expiry has passed', () => signed(USUAL, claims(`${exp},"exp":1`)), 1501],
    ['whose payload is not JSON', () => signed(USUAL, 'no JSON'), 1503],
    ['whose payload is a number', () => signed(USUAL, '7'), 1503],
    ['whose payload is null', () => signed(USUAL, 'null'), 1503],
    ['whose payload is a list', () => signed(USUAL, `[${JSON.stringify(CLAIMS)}]`), 1503],
  ])('refuses a token %s, as jose does', async (_name, make, code) => {
    const token = await make()
    expect(await codeOf(token)).toBe(code)
    expect(await joseAccepts(token)).toBe(false)
  })

  it.each<[string, () => Promise<string>]>([
    ['with a key ID', () => signed({ ...USUAL, kid: '../../etc/passwd' }, CLAIMS)],
    ['with white space in header and payload', () => signed('{ "alg" : "HS256" }', claims(` ${exp} `))],
    ['with Unicode escapes in header and payload', () => signed('{"\\u0061lg":"HS256"}', claims(`"\\u0065xp":4e9`))],
    ['whose first expiry has passed', () => signed(USUAL, claims(`"exp":1,${exp}`))],
    ['that expires in the distant future', () => signed(USUAL, { ...CLAIMS, exp: 2 ** 53 - 1 })],
    ['of padded base64', async () => `${await signed(USUAL, CLAIMS)}=`],
    ['with white space at the end', async () => `${await signed(USUAL, CLAIMS)} `],
  ])('accepts a token %s, as jose does', async (_name, make) => {
    const token = await make()
    expect(await codeOf(token)).toBe(0)
    expect(await joseAccepts(token)).toBe(true)
  })

  it.each<[string, () => Promise<string>]>([
    ['without an expiry', () => signed(USUAL, { UserID: 'alice', PlatformID: 5 })],
    ['without a user', () => signed(USUAL, { PlatformID: 5, exp: SECONDS + 60 })],
    ['whose user is a number', () => signed(USUAL, { ...CLAIMS, UserID: 7 })],
    ['whose user is a list', () => signed(USUAL, { ...CLAIMS, UserID: ['alice'] })],
    ['whose user is empty', () => signed(USUAL, { ...CLAIMS, UserID: '' })],
    ['whose platform is a string', () => signed(USUAL, { ...CLAIMS, PlatformID: '5' })],
    ['whose claims differ in case', () => signed(USUAL, { ...CLAIMS, UserID: undefined, userID: 'alice' })],
    ['whose expiry is a fraction', () => signed(USUAL, { ...CLAIMS, exp: SECONDS + 60.5 })],
    ['whose expiry is beyond exact integers', () => signed(USUAL, claims('"exp":1e300'))],
  ])('refuses a token %s, though its signature is valid', async (_name, make) => {
    const token = await make()
    expect(await codeOf(token)).toBe(1503)
    expect(await joseAccepts(token)).toBe(true)
  })
})
