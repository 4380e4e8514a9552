import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { existingUsers } from './access.ts'
import { changeRelation } from './change-relation.ts'
import { notifyRelation } from './notify-relation.ts'
import type { AddBlackReq, RemoveBlackReq } from './schema.ts'
import { blacksAmong, deleteBlack, putBlack } from './store/blacks.ts'

/**
 * Blocks a user: their one-to-one messages to the owner are refused. A friendship is kept. OpenIM answers 500 when the
 * user is blocked already. Here the call succeeds, because a client that got no reply repeats it.
 */
export async function addBlack(
  ctx: CallerContext,
  { ownerUserID, blackUserID, ex }: z.output<typeof AddBlackReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  if (ownerUserID === blackUserID) throw ImError.args(`${ownerUserID} cannot block itself`)
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
  await notifyRelation(ctx, NotificationKinds.blackAdded, toUser(ownerUserID, blackUserID), {
    fromToUserID: { fromUserID: ownerUserID, toUserID: blackUserID },
  })
}

export async function removeBlack(
  ctx: CallerContext,
  { ownerUserID, blackUserID }: z.output<typeof RemoveBlackReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const [entry] = await blacksAmong(ctx.db, ownerUserID, [blackUserID])
  // Also without an entry, so that the conversation's copy is correct after the call.
  const isRemoved = await changeRelation(
    ctx,
    ownerUserID,
    blackUserID,
    async () => entry !== undefined && deleteBlack(ctx.db, ownerUserID, blackUserID),
  )
  if (isRemoved) {
    await notifyRelation(ctx, NotificationKinds.blackDeleted, toUser(ownerUserID, blackUserID), {
      fromToUserID: { fromUserID: ownerUserID, toUserID: blackUserID },
    })
  }
  // OpenIM calls this webhook after every successful call, also when there was no entry to remove.
  await sendAfterWebhook(ctx, 'afterRemoveBlack', { ownerUserID, blackUserID })
}
