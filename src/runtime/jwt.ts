import { Buffer } from 'node:buffer'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { ImError } from '../protocol/errors.ts'

/** What a token says, once its signature and times hold. Whether it is still in force only its user's object knows. */
export interface TokenClaims {
  userID: string
  platformID: number
  /** Seconds since the epoch. */
  expiresAt: number
  /** Names the token without revealing it: its signature part. */
  key: string
}

const Payload = z.object({ UserID: z.string().min(1), PlatformID: z.number().int(), exp: z.number().int() })

/** OpenIM dates a token a little back, so that a server whose clock runs behind accepts it. */
const BACKDATE_SECONDS = 5

/** Signs OpenIM's token: HS256, claims `UserID`, `PlatformID`, `exp`, `iat` in exactly this spelling. */
export async function signToken(
  who: { userID: string; platformID: number },
  options: { secret: string; now: number; expireSeconds: number },
): Promise<{ token: string; claims: TokenClaims }> {
  const issuedAt = Math.floor(options.now / 1000)
  const expiresAt = issuedAt + options.expireSeconds
  const token = await new SignJWT({ UserID: who.userID, PlatformID: who.platformID })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(expiresAt)
    .setIssuedAt(issuedAt - BACKDATE_SECONDS)
    .sign(await keyOf(options.secret))
  return { token, claims: { ...who, expiresAt, key: signatureOf(token) } }
}

/**
 * Checks signature and times of a token.
 * @throws ImError 1501 expired, 1503 malformed, 1504 not valid yet, 1505 any other fault (a foreign signature, say)
 */
export async function verifyToken(token: string, secret: string, now: number): Promise<TokenClaims> {
  const name = `${secret} ${token}`
  const known = verified.get(name)
  if (known && known.expiresAt * 1000 > now) return known
  const claims = await verify(token, secret, now)
  if (verified.size >= MAX_VERIFIED) verified.clear()
  verified.set(name, claims)
  return claims
}

/**
 * Tokens whose signature holds, as it always will: a backend shows the same one with every call. Whether a token is in
 * force is asked of its user's object each time all the same.
 */
const verified = new Map<string, TokenClaims>()
const MAX_VERIFIED = 1_000

async function verify(token: string, secret: string, now: number): Promise<TokenClaims> {
  const key = await keyOf(secret)
  const claims = Payload.safeParse((await usualPayload(token, key, now)) ?? (await payloadOf(token, key, now)))
  if (!claims.success) throw ImError.tokenMalformed('the token lacks one of the claims UserID, PlatformID and exp')
  return {
    userID: claims.data.UserID,
    platformID: claims.data.PlatformID,
    expiresAt: claims.data.exp,
    key: signatureOf(token),
  }
}

/** `{"alg":"HS256","typ":"JWT"}`, as this service and OpenIM's write it. */
const USUAL_HEADER = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'

/**
 * The payload of a token that is as this service writes them and holds; null leaves it to `payloadOf` to say what it
 * is. A device that connects waits for little else, and this takes a third of the time.
 */
async function usualPayload(token: string, key: CryptoKey, now: number): Promise<object | null> {
  const end = token.lastIndexOf('.')
  const [header, payload = '', ...more] = token.slice(0, end).split('.')
  if (header !== USUAL_HEADER || more.length > 0) return null
  const signature = Buffer.from(signatureOf(token), 'base64url')
  if (!(await crypto.subtle.verify('HMAC', key, signature, utf8.encode(token.slice(0, end))))) return null
  try {
    const claims: { exp?: unknown; nbf?: unknown } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const holds = typeof claims.exp === 'number' && claims.exp * 1000 > now && claims.nbf === undefined
    return holds ? claims : null
  } catch {
    return null
  }
}

async function payloadOf(token: string, key: CryptoKey, now: number): Promise<object> {
  try {
    return (await jwtVerify(token, key, { algorithms: ['HS256'], currentDate: new Date(now) })).payload
  } catch (error) {
    throw asTokenError(error)
  }
}

function asTokenError(error: unknown): ImError {
  if (error instanceof errors.JWTExpired) return ImError.tokenExpired('the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') {
    return ImError.tokenNotValidYet('the token is not valid yet')
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return ImError.tokenMalformed('the token is not a JWT')
  }
  return ImError.tokenUnknown('the token was not signed by this service')
}

const utf8 = new TextEncoder()

/** Of the deployment's secret, and of those that tests use: importing one takes as long as checking a token with it. */
const keys = new Map<string, CryptoKey>()

async function keyOf(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret)
  if (!key) {
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    key = await crypto.subtle.importKey('raw', utf8.encode(secret), hmac, false, ['sign', 'verify'])
    keys.set(secret, key)
  }
  return key
}

function signatureOf(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1)
}
