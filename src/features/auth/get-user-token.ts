import type { z } from 'zod'
import { AccountLevel } from '../../protocol/constants/account-level.ts'
import { isPlatformID, Platform } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { existingUser } from '../user/access.ts'
import { type IssuedToken, issueToken } from './issue-token.ts'
import type { GetUserTokenReq } from './schema.ts'

/** Issues a token for a user's device, to an app administrator. */
export async function getUserToken(
  ctx: CallerContext,
  { userID, platformID }: z.output<typeof GetUserTokenReq>,
): Promise<IssuedToken> {
  if (platformID === Platform.Admin) throw ImError.noPermission('the admin platform has no user tokens')
  // OpenIM signs tokens for platforms that do not exist. Such a token opens no socket, so it is refused here.
  if (!isPlatformID(platformID)) throw ImError.args(`platformID ${platformID} is not a platform`)
  if (ctx.config.admins.has(userID))
    throw ImError.noPermission(`${userID} is an app administrator: use /auth/get_admin_token`)
  const user = await existingUser(ctx, userID)
  if (user.appMangerLevel >= AccountLevel.NotificationAccount)
    throw ImError.args(`${userID} is not an account that can log in`)
  return issueToken(ctx, userID, platformID)
}
