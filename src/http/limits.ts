import type { Bindings } from '../env.ts'
import type { Caller, Context } from '../platform/context.ts'
import { verifyToken } from '../platform/jwt.ts'
import { limitRate } from '../platform/rate-limit.ts'
import { ImError } from '../protocol/errors.ts'

/**
 * Counts a call of an address. App backends make all their calls from one address, so administrators are not limited;
 * whose token it is gets looked at only once there were too many.
 * @throws ImError 429
 */
export async function limitAddress(ctx: Context, request: Request, env: Bindings): Promise<void> {
  if (!ctx.config.rateLimits) return
  try {
    await limitRate(env.RATE_LIMIT_IP, networkOf(request), 'one address')
  } catch (error) {
    if (!(error instanceof ImError) || !(await bearsAdminToken(ctx, request))) throw error
  }
}

/**
 * Counts a call of a user.
 * @throws ImError 429
 */
export async function limitCaller(ctx: Context, { userID, isAdmin }: Caller, env: Bindings): Promise<void> {
  if (ctx.config.rateLimits && !isAdmin) await limitRate(env.RATE_LIMIT_USER, userID, 'one user')
}

/**
 * The address of a client. With IPv6 everybody has a network of their own and as many addresses as they like, so it is
 * the network that is counted. "" where the platform does not tell.
 */
export function networkOf(request: Request): string {
  const address = request.headers.get('cf-connecting-ip') ?? ''
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = Array<string>(Math.max(0, GROUPS - groups.length - after.length)).fill('0')
  return [...groups, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')
}

const GROUPS = 8
const NETWORK_GROUPS = 4

async function bearsAdminToken(ctx: Context, request: Request): Promise<boolean> {
  try {
    const claims = await verifyToken(request.headers.get('token') ?? '', ctx.config.secret, ctx.now())
    return ctx.config.admins.has(claims.userID)
  } catch (error) {
    if (error instanceof ImError) return false
    throw error
  }
}
