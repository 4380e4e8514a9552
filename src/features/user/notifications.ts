import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import type { CallerContext } from '../../runtime/context.ts'

/**
 * Tells the user's devices, and the operator's when that is somebody else, to read the profile again. It is changed
 * already: who is not told finds it at the next login, so a failure here is no failure of the change.
 */
export async function tellUserInfoUpdated(ctx: CallerContext, userID: string): Promise<void> {
  try {
    // To oneself when the user is the operator: the route is the same.
    await notify(ctx, NotificationKinds.userInfoUpdated, toUser(ctx.caller.userID, userID), { userID })
  } catch (error) {
    ctx.log.error('a changed profile could not be announced', error, { userID })
  }
}
