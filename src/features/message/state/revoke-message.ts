import type { z } from 'zod'
import { toGroup, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import { existingUser } from '../../user/access.ts'
import { accessConversation } from '../access.ts'
import type { RevokeMsgReq } from './schema.ts'

/** Revokes a message, for its sender or an app administrator. The devices of all members get a stored notification. */
export async function revokeMessage(
  ctx: CallerContext,
  { conversationID, userID, seq }: z.output<typeof RevokeMsgReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (isNotificationConversation(conversationID))
    throw ImError.args(`${conversationID} is a notification conversation and holds no chat messages`)
  const revoker = await existingUser(ctx, userID)
  // An administrator is a member of no conversation, so the home is taken from the conversationID.
  const home = ctx.caller.isAdmin ? conversationID : (await accessConversation(ctx, userID, conversationID)).view.home
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
