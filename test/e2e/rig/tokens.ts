import { SignJWT } from 'jose'
import { LOCAL_SECRET } from './rest.ts'

interface Claims {
  userID: string
  platformID: number
  /** Negative for an expired token. */
  expiresInSeconds?: number
  /** The secret of another service makes a foreign token. */
  secret?: string
}

/** A token with a valid signature that the server did not issue. */
export function forgedToken({ userID, platformID, expiresInSeconds = 3_600, secret = LOCAL_SECRET }: Claims) {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ UserID: userID, PlatformID: platformID })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(now - 7_200)
    .setExpirationTime(now + expiresInSeconds)
    .sign(new TextEncoder().encode(secret))
}
