import type { Context } from '../../platform/context.ts'
import { type TokenClaims, verifyToken } from '../../platform/jwt.ts'
import { ImError } from '../../protocol/errors.ts'

/**
 * A token counts only while its user's object says so: a good signature is not enough.
 * @throws ImError 1501 expired, 1503–1505 bad, 1506 kicked or logged out, 1507 never issued or forgotten
 */
export async function tokenInForce(ctx: Context, token: string): Promise<TokenClaims> {
  const claims = await verifyToken(token, ctx.config.secret, ctx.now())
  const state = await ctx.user(claims.userID).sessionState(claims.platformID, claims.key)
  if (state === 'kicked') throw ImError.tokenKicked('the token was logged out or replaced by a newer login')
  if (state === 'unknown') throw ImError.tokenNotExist('the token is not one that is in force')
  return claims
}
