import type { z } from 'zod'
import { toGroup, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import { existingUser } from '../../user/access.ts'
import { conversationOf } from '../access.ts'
import type { RevokeMsgReq } from '../read-schema.ts'

/** Takes a message back: its sender may, and an administrator of the app. Everybody's devices are told, for good. */
export async function revokeMessage(
  ctx: CallerContext,
  { conversationID, userID, seq }: z.output<typeof RevokeMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (isNotificationConversation(conversationID)) throw ImError.args(`${conversationID} holds no messages of people`)
  const revoker = await existingUser(ctx, userID)
  // An administrator takes part in no conversation and reaches each by its ID.
  const home = ctx.caller.isAdmin ? conversationID : (await conversationOf(ctx, userID, conversationID)).view.home
  const revoked = await ctx
    .conversation(home)
    .revoke(seq, { userID, nickname: revoker.nickname, isAppAdmin: ctx.caller.isAdmin })
  const detail = {
    revokerUserID: userID,
    clientMsgID: revoked.clientMsgID,
    revokeTime: revoked.revokeTime,
    // OpenIM: the spelling is on the wire.
    sesstionType: revoked.sessionType,
    seq,
    conversationID,
    isAdminRevoke: ctx.caller.isAdmin,
  }
  const route = revoked.groupID === '' ? toUser(userID, revoked.recvID) : toGroup(userID, revoked.groupID)
  await notify(ctx, NotificationKinds.msgRevoke, route, detail, { home })
  await sendAfterWebhook(ctx, 'afterRevokeMsg', { conversationID, seq, userID })
}
