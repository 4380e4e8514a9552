import type { Bindings } from '../env.ts'
import { ImError } from '../protocol/errors.ts'
import { networkOf } from '../runtime/client-ip.ts'
import type { Caller, Context } from '../runtime/context.ts'
import { verifyToken } from '../runtime/jwt.ts'
import { limitRate } from '../runtime/rate-limit.ts'

/**
 * Counts a call of an address. An app server makes all its calls from one address, so administrators are not limited.
 * The token is verified only after the limit is exceeded.
 * @throws ImError 429 when the address made too many calls
 */
export async function limitAddress(ctx: Context, request: Request, env: Bindings): Promise<void> {
  if (!ctx.config.rateLimits) return
  try {
    await limitRate(env.RATE_LIMIT_IP, networkOf(ctx.clientIP), 'one address')
  } catch (error) {
    if (!(error instanceof ImError) || !(await hasAdminToken(ctx, request))) throw error
  }
}

/**
 * Counts a call of a user.
 * @throws ImError 429 when the user made too many calls
 */
export async function limitCaller(ctx: Context, { userID, isAdmin }: Caller, env: Bindings): Promise<void> {
  if (ctx.config.rateLimits && !isAdmin) await limitRate(env.RATE_LIMIT_USER, userID, 'one user')
}

async function hasAdminToken(ctx: Context, request: Request): Promise<boolean> {
  try {
    const claims = await verifyToken(request.headers.get('token') ?? '', ctx.config.secrets, ctx.now())
    return ctx.config.admins.has(claims.userID)
  } catch (error) {
    if (error instanceof ImError) return false
    throw error
  }
}
