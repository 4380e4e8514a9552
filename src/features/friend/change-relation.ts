import { singleConversationID } from '../../protocol/conversation-id.ts'
import type { Context } from '../../runtime/context.ts'

/**
 * Changes the relation of two users (friend, blocked) in D1 and in the copy that their ConversationObject checks
 * messages against. The object is notified before D1 is written: if this call fails in between, the object reads D1 by
 * itself.
 */
export async function changeRelation<T>(
  ctx: Context,
  userID: string,
  peerUserID: string,
  write: () => Promise<T>,
): Promise<T> {
  const conversation = ctx.conversation(singleConversationID(userID, peerUserID))
  const begun = await conversation.relationsChanging()
  const written = await write()
  await conversation.relationsChanged(begun)
  return written
}
