import type { z } from 'zod'
import type { Context } from '../../platform/context.ts'
import { Platform } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import { ensureAdmin } from '../user/access.ts'
import { type IssuedToken, issueToken } from './issue-token.ts'
import type { GetAdminTokenReq } from './schema.ts'

/** The app backend's way in: the shared secret buys an administrator's token. */
export async function getAdminToken(ctx: Context, req: z.output<typeof GetAdminTokenReq>): Promise<IssuedToken> {
  if (!(await sameSecret(req.secret, ctx.config.secret))) throw ImError.noPermission('the secret is wrong')
  if (!ctx.config.admins.has(req.userID)) {
    throw ImError.args(`${JSON.stringify(req.userID)} is not an administrator of this service`)
  }
  await ensureAdmin(ctx, req.userID)
  return issueToken(ctx, req.userID, Platform.Admin)
}

/** Compares digests, so that the time it takes tells nothing about how much of a guess was right. */
async function sameSecret(given: string, expected: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [a, b] = await Promise.all([digest(given), digest(expected)])
  return crypto.subtle.timingSafeEqual(a, b)
}
