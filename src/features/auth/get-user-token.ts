import type { z } from 'zod'
import { isPlatformID, Platform } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { existingUser } from '../user/access.ts'
import { type IssuedToken, issueToken } from './issue-token.ts'
import type { GetUserTokenReq } from './schema.ts'

/** From this level on an account belongs to the app (notification accounts, robots) and logs in nowhere. */
const FIRST_SYSTEM_LEVEL = 3

/** An administrator fetches the token that a user's device will log in with. */
export async function getUserToken(
  ctx: CallerContext,
  { userID, platformID }: z.output<typeof GetUserTokenReq>,
): Promise<IssuedToken> {
  if (platformID === Platform.Admin) throw ImError.noPermission('the admin platform has no user tokens')
  // OpenIM signs tokens for platforms that do not exist; such a token opens no socket, so the mistake is said here.
  if (!isPlatformID(platformID)) throw ImError.args(`platformID ${platformID} is not a platform`)
  if (ctx.config.admins.has(userID)) throw ImError.noPermission(`${userID} is an administrator: use get_admin_token`)
  const user = await existingUser(ctx, userID)
  if (user.appMangerLevel >= FIRST_SYSTEM_LEVEL) throw ImError.args(`${userID} is not an account that can log in`)
  return issueToken(ctx, userID, platformID)
}
