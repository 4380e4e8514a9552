import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { SubUserOnlineStatusTips } from '../../../protocol/proto/index.ts'
import type { UserCore } from '../user-core.ts'
import { onlinePlatforms } from './presence.ts'

/** Maximum number of objects that one subscribe request asks at the same time. */
const MAX_PARALLEL = 32

/** Subscribes a connection to the presence of users; the answer has one element per user, offline users included. */
export async function subscribePresence(
  user: UserCore,
  connID: string,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Promise<SubUserOnlineStatusTips> {
  const userIDs = [...new Set(subscribe)]
  // An invalid userID throws here, before any row is written.
  const objects = userIDs.map((userID) => ({ userID, object: user.otherUser(userID) }))
  user.presence.unsubscribe(connID, unsubscribe)
  user.presence.subscribe(connID, userIDs)
  const platforms = new Map<string, number[]>()
  await inParallel(objects, MAX_PARALLEL, async ({ userID, object }) => {
    platforms.set(userID, await object.addPresenceSubscriber(user.userID))
  })
  return {
    subscribers: userIDs.map((userID) => ({ userID, onlinePlatformIDs: platforms.get(userID) ?? [] })),
  }
}

/**
 * Subscribes every connection on a platform.
 * @returns the users that these connections subscribe to now
 */
export async function subscribeOnPlatform(
  user: UserCore,
  platformID: number,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Promise<string[]> {
  const connIDs = user.devices
    .open()
    .filter(({ device }) => device.platformID === platformID)
    .map(({ device }) => device.connID)
  for (const connID of connIDs) await subscribePresence(user, connID, subscribe, unsubscribe)
  return user.presence.subscriptionsOf(connIDs)
}

/**
 * Adds another user as a subscriber to this user's presence.
 * @returns the platforms on which this user is online
 */
export function addPresenceSubscriber(user: UserCore, subscriber: string): number[] {
  user.presence.addSubscriber(subscriber)
  return onlinePlatforms(user)
}
