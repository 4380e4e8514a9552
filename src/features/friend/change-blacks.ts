import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { existingUsers } from './access.ts'
import { changeRelation, tell } from './announce.ts'
import type { AddBlackReq, RemoveBlackReq } from './schema.ts'
import { blacksAmong, deleteBlack, putBlack } from './store/blacks.ts'

/**
 * Blocks a user: single messages to the owner are refused from now on. A friendship stays. OpenIM answers 500 the
 * second time; here that is fine, because who got no answer to a call repeats it.
 */
export async function addBlack(
  ctx: CallerContext,
  { ownerUserID, blackUserID, ex }: z.output<typeof AddBlackReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  await callBeforeWebhook(ctx, 'beforeAddBlack', { ownerUserID, blackUserID })
  await existingUsers(ctx, [ownerUserID, blackUserID])
  const entry = {
    ownerUserID,
    blackUserID,
    createTime: ctx.now(),
    addSource: 0,
    operatorUserID: ctx.caller.userID,
    ex,
  }
  await changeRelation(ctx, ownerUserID, blackUserID, () => putBlack(ctx.db, entry))
  await tell(ctx, NotificationKinds.blackAdded, toUser(ownerUserID, blackUserID), {
    fromToUserID: { fromUserID: ownerUserID, toUserID: blackUserID },
  })
}

export async function removeBlack(
  ctx: CallerContext,
  { ownerUserID, blackUserID }: z.output<typeof RemoveBlackReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const [entry] = await blacksAmong(ctx.db, ownerUserID, [blackUserID])
  // In any case: whatever the chat holds, it is right after this.
  await changeRelation(ctx, ownerUserID, blackUserID, async () => {
    if (entry) await deleteBlack(ctx.db, ownerUserID, blackUserID)
  })
  if (entry) {
    await tell(ctx, NotificationKinds.blackDeleted, toUser(ownerUserID, blackUserID), {
      fromToUserID: { fromUserID: ownerUserID, toUserID: blackUserID },
    })
  }
  // OpenIM tells the app of every call that succeeds, whether or not there was anything to remove.
  await sendAfterWebhook(ctx, 'afterRemoveBlack', { ownerUserID, blackUserID })
}
