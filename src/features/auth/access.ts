import type { PendingRestSend } from '../../contracts/user.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { type TokenClaims, verifyToken } from '../../runtime/jwt.ts'

/**
 * Verifies a token: its signature, and that the UserObject still has its session.
 * @param pendingSend a message that the call is about to send; the UserObject stores it when the token is in force
 * @throws ImError 1501 expired, 1503–1505 bad, 1506 kicked or logged out, 1507 never issued or forgotten
 */
export async function tokenInForce(ctx: Context, token: string, pendingSend?: PendingRestSend): Promise<TokenClaims> {
  const claims = await verifyToken(token, ctx.config.secrets, ctx.now())
  const state = await ctx.user(claims.userID).sessionState(claims.platformID, claims.key, pendingSend)
  if (state === 'kicked') throw ImError.tokenKicked('the token was logged out or replaced by a newer login')
  if (state === 'unknown') throw ImError.tokenNotExist('the token was never issued, or its session has been forgotten')
  return claims
}
