import type { z } from 'zod'
import type { Context } from '../../runtime/context.ts'
import { tokenInForce } from './access.ts'
import type { ParseTokenReq } from './schema.ts'

/** Whose token it is and when it ends (seconds since the epoch), provided that it is in force. */
export async function parseToken(
  ctx: Context,
  { token }: z.output<typeof ParseTokenReq>,
): Promise<{ userID: string; platformID: number; expireTimeSeconds: number }> {
  const { userID, platformID, expiresAt } = await tokenInForce(ctx, token)
  return { userID, platformID, expireTimeSeconds: expiresAt }
}
