import type { z } from 'zod'
import { isPlatformID } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { ForceLogoutReq } from './schema.ts'

/** Ends all sessions of a user on one platform: the sockets are kicked, and the tokens are refused with 1506. */
export async function forceLogout(
  ctx: CallerContext,
  { userID, platformID }: z.output<typeof ForceLogoutReq>,
): Promise<void> {
  // OpenIM refuses HarmonyOS (11) here. This service accepts every platform that exists.
  if (!isPlatformID(platformID)) throw ImError.args(`platformID ${platformID} is not a platform`)
  await ctx.user(userID).forceLogout(platformID)
}
