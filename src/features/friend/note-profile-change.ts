import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { Context } from '../../runtime/context.ts'
import { bumpVersion } from '../../sync/incremental.ts'
import { ChangeState } from '../../sync/version-log.ts'
import { ownersWithFriend } from './store/friends.ts'

/** D1 takes no more than this at a time. */
const MAX_PARALLEL = 6

/** A user's name or face changed: whoever has that user as a friend hears of it, or finds it at the next sync. */
export async function noteProfileChange(ctx: Context, userID: string): Promise<void> {
  await inParallel(await ownersWithFriend(ctx.db, userID), MAX_PARALLEL, async (ownerUserID) => {
    // First the version: devices that are told read the list from the version they have.
    await bumpVersion(ctx.db, 'friend', ownerUserID, [{ elementID: userID, state: ChangeState.Update }])
    await tellFriend(ctx, userID, ownerUserID)
  })
}

/** The list has changed already: an owner who is not told finds it at the next login. */
async function tellFriend(ctx: Context, userID: string, ownerUserID: string): Promise<void> {
  try {
    await notify(ctx, NotificationKinds.friendInfoUpdated, toUser(userID, ownerUserID), { userID })
  } catch (error) {
    ctx.log.error("a friend's changed profile could not be announced", error, { userID, ownerUserID })
  }
}
