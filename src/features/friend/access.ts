import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { ensureAdmin, noSuchUser } from '../user/access.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { UserInfo } from '../user/schema.ts'

/** @throws ImError 1002 unless the caller is one of the two users or an app administrator */
export function requireOneOfTwo(ctx: CallerContext, userID1: string, userID2: string): void {
  if (ctx.caller.isAdmin || ctx.caller.userID === userID1 || ctx.caller.userID === userID2) return
  throw ImError.noPermission(`${ctx.caller.userID} may not access the relation of ${userID1} and ${userID2}`)
}

/**
 * Reads users, by userID.
 * @throws ImError 1004 when one of them is not registered
 */
export async function existingUsers(ctx: CallerContext, userIDs: readonly string[]): Promise<Map<string, UserInfo>> {
  for (const userID of userIDs) if (ctx.config.admins.has(userID)) await ensureAdmin(ctx, userID)
  const users = await usersByID(ctx, userIDs)
  const missing = userIDs.find((userID) => !users.has(userID))
  if (missing !== undefined) throw noSuchUser(missing)
  return users
}
