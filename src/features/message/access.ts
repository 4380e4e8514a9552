import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { LogView } from '../../contracts/user.ts'
import { isNotificationConversation } from '../../protocol/conversation-id.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'

/** A chat conversation with the seq bounds that one of its members may read. */
export interface OwnConversation {
  conversation: ConversationRpc
  view: LogView
}

/** Whether the user has left the group: the view then ends with the seq at which the user left. */
export function hasLeft(view: LogView): boolean {
  return view.maxSeq !== 0
}

/**
 * Fetches a conversation through one of its members. The caller must be that member or an administrator.
 * @throws ImError 1001 for a notification conversation, 1002 for another user's, 1004 when the user does not have it
 */
export async function accessConversation(
  ctx: CallerContext,
  userID: string,
  conversationID: string,
): Promise<OwnConversation> {
  requireSelfOrAdmin(ctx, userID)
  if (isNotificationConversation(conversationID))
    throw ImError.args(`${conversationID} is a notification conversation and holds no chat messages`)
  const view = await ctx.user(userID).logView(conversationID)
  if (!view) throw ImError.notFound(`${userID} has no conversation ${conversationID}`)
  return { conversation: ctx.conversation(view.home), view }
}
