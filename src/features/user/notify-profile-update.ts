import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import type { CallerContext } from '../../runtime/context.ts'

/**
 * Notifies the user's devices, and those of an administrator who made the call, so that they read the profile again. A
 * failed notification is logged, and the call succeeds: the profile is stored, and devices find it at the next login.
 */
export async function notifyProfileUpdate(ctx: CallerContext, userID: string): Promise<void> {
  try {
    // When the user is the caller, sender and receiver are the same.
    await notify(ctx, NotificationKinds.userInfoUpdated, toUser(ctx.caller.userID, userID), { userID })
  } catch (error) {
    ctx.log.error('notification of a changed profile failed', error, { userID })
  }
}
