import type { z } from 'zod'
import { Platform } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { sameSecret } from '../../runtime/same-secret.ts'
import { ensureAdmin } from '../user/access.ts'
import { type IssuedToken, issueToken } from './issue-token.ts'
import type { GetAdminTokenReq } from './schema.ts'

/** Issues an app administrator's token to the app server, which proves itself with the shared secret, or during a rotation the one before. */
export async function getAdminToken(ctx: Context, req: z.output<typeof GetAdminTokenReq>): Promise<IssuedToken> {
  const matches = await Promise.all(ctx.config.secrets.map((secret) => sameSecret(req.secret, secret)))
  if (!matches.includes(true)) throw ImError.noPermission('the secret is wrong')
  if (!ctx.config.admins.has(req.userID)) {
    throw ImError.args(`${JSON.stringify(req.userID)} is not an administrator of this service`)
  }
  await ensureAdmin(ctx, req.userID)
  return issueToken(ctx, req.userID, Platform.Admin)
}
