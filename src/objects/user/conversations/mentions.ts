import type { Mention } from '../../../contracts/messages.ts'
import { isGroupConversation } from '../../../protocol/conversation-id.ts'
import type { UserCore } from '../user-core.ts'
import { notifyConversationsChanged } from './notify-own-devices.ts'

/**
 * Sets the `groupAtType` of a group's conversation for a message that mentions the owner and that the owner has not
 * read, and notifies the owner's devices.
 */
export function applyMention(user: UserCore, conversationID: string, mention: Mention): void {
  const readSeq = user.cursors.find(conversationID)?.readSeq ?? 0
  if (mention.seq <= readSeq || !user.conversations.mention(conversationID, mention)) return
  notifyConversationsChanged(user, [conversationID], user.now())
}

/** Raises the read seq. When the message that mentions the owner is read, `groupAtType` is 0 again. */
export function raiseReadSeq(user: UserCore, conversationID: string, seq: number): void {
  user.cursors.raiseReadSeq(conversationID, seq)
  endMention(user, conversationID)
}

/** Resets `groupAtType` when the owner has read the message that set it, and notifies the owner's devices. */
export function endMention(user: UserCore, conversationID: string): void {
  if (!isGroupConversation(conversationID)) return
  const readSeq = user.cursors.find(conversationID)?.readSeq ?? 0
  if (!user.conversations.endMention(conversationID, readSeq)) return
  notifyConversationsChanged(user, [conversationID], user.now())
}
