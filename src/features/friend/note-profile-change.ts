import type { Context } from '../../platform/context.ts'
import { bumpVersion } from '../../sync/incremental.ts'
import { ChangeState } from '../../sync/version-log.ts'
import { ownersWithFriend } from './store.ts'

/** A user's name or face changed: whoever has that user as a friend finds it at the next sync. */
export async function noteProfileChange(ctx: Context, userID: string): Promise<void> {
  for (const ownerUserID of await ownersWithFriend(ctx.db, userID)) {
    await bumpVersion(ctx.db, 'friend', ownerUserID, [{ elementID: userID, state: ChangeState.Update }])
  }
}
