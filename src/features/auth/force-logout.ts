import type { z } from 'zod'
import { isPlatformID } from '../../protocol/constants/platform.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { ForceLogoutReq } from './schema.ts'

/** Ends every session a user has on one platform: sockets are kicked, tokens answer 1506 from now on. */
export async function forceLogout(
  ctx: CallerContext,
  { userID, platformID }: z.output<typeof ForceLogoutReq>,
): Promise<void> {
  // OpenIM forgets HarmonyOS (11) here; a user who is to be logged out is logged out everywhere.
  if (!isPlatformID(platformID)) throw ImError.args(`platformID ${platformID} is not a platform`)
  await ctx.user(userID).forceLogout(platformID)
}
