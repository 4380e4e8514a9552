import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { statusesOf } from './online-status.ts'
import type { OnlineStatus, SubscribeUsersStatusReq } from './schema.ts'
import { registeredAmong } from './store/users.ts'

const Genre = { Subscribe: 1, Unsubscribe: 2 } as const

/*
 * A subscription belongs to a connection, and a call has none: it is made for all that the caller has on the platform of
 * the token, as if each had asked on its socket (`objects/user/presence.ts`). OpenIM keeps these calls and does nothing
 * in them. Whom the request names as the subscriber does not matter: it is always the caller.
 */

/** Lets the caller's connections watch users, and answers where those are; or lets them watch no longer. */
export async function subscribeUsersStatus(
  ctx: CallerContext,
  { userIDs, genre }: z.output<typeof SubscribeUsersStatusReq>,
): Promise<{ statusList: OnlineStatus[] }> {
  const { userID, platformID } = ctx.caller
  if (genre === Genre.Unsubscribe) {
    await ctx.user(userID).subscribePresence(platformID, [], userIDs)
    return { statusList: [] }
  }
  // Being watched creates an object, and nobody comes or goes under an ID that is not registered.
  const registered = await registeredAmong(ctx.db, userIDs)
  await ctx.user(userID).subscribePresence(platformID, [...registered], [])
  return { statusList: await statusesOf(ctx, userIDs) }
}

/** Whom the caller's connections watch, and where those are. */
export async function getSubscribeUsersStatus(ctx: CallerContext): Promise<{ statusList: OnlineStatus[] }> {
  const { userID, platformID } = ctx.caller
  return { statusList: await statusesOf(ctx, await ctx.user(userID).subscribePresence(platformID, [], [])) }
}
