import type { z } from 'zod'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { ensureAdmin } from './access.ts'
import type { GetUsersInfoReq, UserInfo } from './schema.ts'
import { findUsers } from './store/users.ts'

/** Returns the profiles of the given users; users who are not registered are left out. */
export async function getUsersInfo(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersInfoReq>,
): Promise<{ usersInfo: UserInfo[] }> {
  for (const userID of userIDs) if (ctx.config.admins.has(userID)) await ensureAdmin(ctx, userID)
  return { usersInfo: await findUsers(ctx.db, userIDs) }
}

/** Reads profiles into a map by userID, for answers that show users beside other data. */
export async function usersByID(ctx: Context, userIDs: readonly string[]): Promise<Map<string, UserInfo>> {
  return new Map((await findUsers(ctx.db, [...new Set(userIDs)])).map((row) => [row.userID, row]))
}
