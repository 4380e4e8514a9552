import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { ImError } from '../protocol/errors.ts'
import { messageID } from './ids.ts'

/** The claims of a token whose signature and times are valid. Only the user's object knows whether it is still in force. */
export interface TokenClaims {
  userID: string
  platformID: number
  /** Seconds since the epoch. */
  expiresAt: number
  /** The token's signature part: names the token without revealing it. */
  key: string
}

const Payload = z.object({ UserID: z.string().min(1), PlatformID: z.number().int(), exp: z.number().int() })

/** OpenIM dates a token a little back, so that a server whose clock runs behind accepts it. */
const BACKDATE_SECONDS = 5

/**
 * Signs OpenIM's token: HS256, claims `UserID`, `PlatformID`, `exp`, `iat` in exactly this spelling.
 *
 * OpenIM: two tokens of one user and platform are equal when they are signed in the same second, so that the second
 * login displaces no device. Here `jti` makes every token distinct. Tokens without it stay valid.
 */
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
    .setJti(messageID())
    .sign(await keyOf(options.secret))
  return { token, claims: { ...who, expiresAt, key: signatureOf(token) } }
}

/**
 * Checks signature and times of a token.
 * @param secrets one of them must have signed the token
 * @throws ImError 1501 expired, 1503 malformed, 1504 not valid yet, 1505 any other fault, such as a foreign signature
 */
export async function verifyToken(token: string, secrets: readonly string[], now: number): Promise<TokenClaims> {
  const name = `${secrets.join(' ')} ${token}`
  const known = verified.get(name)
  if (known && known.expiresAt * 1000 > now) return known
  const claims = await verify(token, secrets, now)
  if (verified.size >= MAX_VERIFIED) verified.clear()
  verified.set(name, claims)
  return claims
}

/**
 * Tokens whose signature has been checked, with their claims: an app server sends the same token with every call. The
 * user's object is still asked each time whether the token is in force.
 */
const verified = new Map<string, TokenClaims>()
const MAX_VERIFIED = 1_000

async function verify(token: string, secrets: readonly string[], now: number): Promise<TokenClaims> {
  const claims = Payload.safeParse(await payloadOf(token, secrets, now))
  if (!claims.success)
    throw ImError.tokenMalformed('one of the claims UserID, PlatformID and exp is missing or has a wrong type')
  return {
    userID: claims.data.UserID,
    platformID: claims.data.PlatformID,
    expiresAt: claims.data.exp,
    key: signatureOf(token),
  }
}

async function payloadOf(token: string, secrets: readonly string[], now: number): Promise<object> {
  let failure: unknown
  for (const secret of secrets) {
    try {
      const key = await keyOf(secret)
      return (await jwtVerify(token, key, { algorithms: ['HS256'], currentDate: new Date(now) })).payload
    } catch (error) {
      failure = error
      // Any other fault is one of the token, which another secret cannot mend.
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break
    }
  }
  throw asTokenError(failure)
}

function asTokenError(error: unknown): ImError {
  if (error instanceof errors.JWTExpired) return ImError.tokenExpired('the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') {
    return ImError.tokenNotValidYet('the token is not valid yet')
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return ImError.tokenMalformed('the token is not a JWT')
  }
  return ImError.tokenUnknown('the token is not valid: this service did not sign it, or a claim has a wrong type')
}

const utf8 = new TextEncoder()

/** Imported keys by secret, since importing a key takes as long as checking a token. Tests use several secrets. */
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
