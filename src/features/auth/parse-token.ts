import type { z } from 'zod'
import type { Context } from '../../runtime/context.ts'
import { tokenInForce } from './access.ts'
import type { ParseTokenReq } from './schema.ts'

/** Returns the user and platform of a token in force, and its time of expiry in seconds since the epoch. */
export async function parseToken(
  ctx: Context,
  { token }: z.output<typeof ParseTokenReq>,
): Promise<{ userID: string; platformID: number; expireTimeSeconds: number }> {
  const { userID, platformID, expiresAt } = await tokenInForce(ctx, token)
  return { userID, platformID, expireTimeSeconds: expiresAt }
}
