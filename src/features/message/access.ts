import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { LogView } from '../../contracts/user.ts'
import { isNotificationConversation } from '../../protocol/conversation-id.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'

/** A chat conversation together with what one of its members may see of it. */
export interface OwnConversation {
  conversation: ConversationRpc
  view: LogView
}

/** Whether a view ends with the moment in which the user left the group. */
export function hasLeft(view: LogView): boolean {
  return view.maxSeq !== 0
}

/**
 * Fetches a conversation through one of its members, for that member or an administrator.
 * @throws ImError 1001 not a chat, 1002 somebody else's, 1004 not one that the user has
 */
export async function conversationOf(
  ctx: CallerContext,
  userID: string,
  conversationID: string,
): Promise<OwnConversation> {
  requireSelfOrAdmin(ctx, userID)
  if (isNotificationConversation(conversationID)) throw ImError.args(`${conversationID} holds no messages of people`)
  const view = await ctx.user(userID).logView(conversationID)
  if (!view) throw ImError.notFound(`${userID} has no conversation ${conversationID}`)
  return { conversation: ctx.conversation(view.home), view }
}
