import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { SetAppBadgeReq } from './schema.ts'

/** Sets the number on the app's badge. Later offline pushes count up from it. */
export async function setAppBadge(
  ctx: CallerContext,
  { userID, appUnreadCount }: z.output<typeof SetAppBadgeReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  await ctx.user(userID).setAppBadge(appUnreadCount)
}
