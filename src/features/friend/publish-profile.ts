import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify, notifyOnlineDevices } from '../../notification/send.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { Context } from '../../runtime/context.ts'
import { ChangeState } from '../../sync/compute-delta.ts'
import { bumpVersion } from '../../sync/version-store.ts'
import { ownersWithFriend } from './store/friends.ts'

/** The most lists that are changed at the same time; D1 takes no more statements at a time. */
const MAX_PARALLEL = 6

/** The newest one-to-one chats whose other user is notified without being a friend. */
const MAX_RECENT_CHATS = 100

/** The most of these users that are notified at the same time. */
const MAX_PARALLEL_PEERS = 16

/**
 * After a user's name or face changed: gives the friend lists that show it a new version and notifies their owners.
 * Offline owners find the change at their next sync. The other users of recent one-to-one chats are notified if they
 * are online.
 */
export async function publishProfileToFriends(ctx: Context, userID: string): Promise<void> {
  const owners = await ownersWithFriend(ctx.db, userID)
  await inParallel(owners, MAX_PARALLEL, async (ownerUserID) => {
    // The version first: notified devices read the changes since the version they have.
    await bumpVersion(ctx.db, 'friend', ownerUserID, [{ elementID: userID, state: ChangeState.Update }])
    await notifyFriend(ctx, userID, ownerUserID)
  })
  await notifyRecentPeers(ctx, userID, owners)
}

/**
 * OpenIM notifies no stranger. They get the notification that friends get, because no other kind reports the
 * profile of another user. An offline device finds the new name when it loads the chat.
 */
async function notifyRecentPeers(ctx: Context, userID: string, owners: readonly string[]): Promise<void> {
  const notified = new Set(owners)
  const peers = (await ctx.user(userID).recentPeers(MAX_RECENT_CHATS)).filter((peer) => !notified.has(peer))
  await inParallel(peers, MAX_PARALLEL_PEERS, async (peerUserID) => {
    try {
      const route = toUser(userID, peerUserID)
      await notifyOnlineDevices(ctx, NotificationKinds.friendInfoUpdated, route, { userID })
    } catch (error) {
      ctx.log.error('notification of a changed profile to a peer failed', error, { userID, peerUserID })
    }
  })
}

/** A failure is only logged: the list has changed already, and its owner finds the change at the next login. */
async function notifyFriend(ctx: Context, userID: string, ownerUserID: string): Promise<void> {
  try {
    await notify(ctx, NotificationKinds.friendInfoUpdated, toUser(userID, ownerUserID), { userID })
  } catch (error) {
    ctx.log.error('notification of a changed profile to a friend failed', error, { userID, ownerUserID })
  }
}
