import type { Context } from '../../runtime/context.ts'
import { count } from '../../runtime/counters.ts'
import { signToken } from '../../runtime/jwt.ts'

export interface IssuedToken {
  token: string
  /** The lifetime of the token, in seconds. (In the reply of `parse_token`, the same name is the time of expiry.) */
  expireTimeSeconds: number
}

/** Signs a token and opens its session in the UserObject, which ends older sessions by the multi-login policy. */
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
