import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { Context } from '../../runtime/context.ts'
import { ChangeState } from '../../sync/compute-delta.ts'
import { bumpVersion } from '../../sync/version-store.ts'
import { ownersWithFriend } from './store/friends.ts'

/** The most lists that are changed at the same time; D1 takes no more statements at a time. */
const MAX_PARALLEL = 6

/**
 * After a user's name or face changed: gives the friend lists that show it a new version and notifies their owners.
 * Offline owners find the change at their next sync.
 */
export async function publishProfileToFriends(ctx: Context, userID: string): Promise<void> {
  await inParallel(await ownersWithFriend(ctx.db, userID), MAX_PARALLEL, async (ownerUserID) => {
    // The version first: notified devices read the changes since the version they have.
    await bumpVersion(ctx.db, 'friend', ownerUserID, [{ elementID: userID, state: ChangeState.Update }])
    await notifyFriend(ctx, userID, ownerUserID)
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
