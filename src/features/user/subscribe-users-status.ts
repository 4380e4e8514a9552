import type { z } from 'zod'
import { Genre } from '../../protocol/constants/presence.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { readOnlineStatus } from './online-status.ts'
import type { OnlineStatus, SubscribeUsersStatusReq } from './schema.ts'
import { registeredAmong } from './store/users.ts'

/*
 * A presence subscription belongs to a connection, and a REST call has none. So the call subscribes for all connections
 * that the caller has on the platform of the token, as if each had subscribed on its socket
 * (`objects/user/notify/presence.ts`). OpenIM has these calls, but they do nothing there. The userID in the request
 * does not matter: the subscriber is always the caller.
 */

/** Subscribes the caller's connections to the presence of users and returns their online status, or unsubscribes. */
export async function subscribeUsersStatus(
  ctx: CallerContext,
  { userIDs, genre }: z.output<typeof SubscribeUsersStatusReq>,
): Promise<{ statusList: OnlineStatus[] }> {
  const { userID, platformID } = ctx.caller
  if (genre === Genre.Unsubscribe) {
    await ctx.user(userID).subscribePresence(platformID, [], userIDs)
    return { statusList: [] }
  }
  // A subscription creates the object of the watched user, so userIDs that are not registered are left out.
  const registered = await registeredAmong(ctx.db, userIDs)
  await ctx.user(userID).subscribePresence(platformID, [...registered], [])
  return { statusList: await readOnlineStatus(ctx, userIDs) }
}

/** Lists the users whose presence the caller's connections subscribe to, with their online status. */
export async function getSubscribeUsersStatus(ctx: CallerContext): Promise<{ statusList: OnlineStatus[] }> {
  const { userID, platformID } = ctx.caller
  return { statusList: await readOnlineStatus(ctx, await ctx.user(userID).subscribePresence(platformID, [], [])) }
}
