import type { Context } from '../../runtime/context.ts'
import { count } from '../../runtime/counters.ts'
import { signToken } from '../../runtime/jwt.ts'

export interface IssuedToken {
  token: string
  /** How long the token lives, in seconds (not when it ends: that is `parse_token`'s reading of the same name). */
  expireTimeSeconds: number
}

/** Signs a token and has the user's object register it; the object retires older ones by the multi-login policy. */
export async function issueToken(ctx: Context, userID: string, platformID: number): Promise<IssuedToken> {
  const expireSeconds = ctx.config.tokenExpireSeconds
  const { token, claims } = await signToken(
    { userID, platformID },
    { secret: ctx.config.secret, now: ctx.now(), expireSeconds },
  )
  await ctx.user(userID).openSession({ platformID, key: claims.key, expiresAt: claims.expiresAt })
  count('user_login_total')
  return { token, expireTimeSeconds: expireSeconds }
}
