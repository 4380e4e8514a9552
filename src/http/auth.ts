import type { PendingRestSend } from '../contracts/user.ts'
import { tokenInForce } from '../features/auth/access.ts'
import { ImError } from '../protocol/errors.ts'
import type { Caller, Context } from '../runtime/context.ts'
import type { Access } from '../runtime/endpoint.ts'

/**
 * Authenticates the caller.
 * @param pendingSend the send that the call is about to make; recorded if the token is in force
 * @throws ImError 1001 without a token, 1501–1507 with one that is not in force, 1002 when only administrators may
 */
export async function callerOf(
  ctx: Context,
  token: string | null,
  access: Exclude<Access, 'public'>,
  pendingSend?: PendingRestSend,
): Promise<Caller> {
  if (!token) throw ImError.args('the header `token` is missing')
  const { userID, platformID } = await tokenInForce(ctx, token, pendingSend)
  const caller = { userID, platformID, isAdmin: ctx.config.admins.has(userID) }
  if (access === 'admin' && !caller.isAdmin) throw ImError.noPermission('only an administrator may make this call')
  return caller
}
