import type { Bounds, LogUpdate } from '../../../contracts/messages.ts'
import { notificationTwin } from '../../../protocol/conversation-id.ts'
import { ensureConversation } from '../conversations/ensure-conversation.ts'
import { notifyConversationsChanged } from '../conversations/notify-own-devices.ts'
import type { UserCore } from '../user-core.ts'
import { notifyRelays } from './reconnect.ts'

/**
 * Applies the bounds of a group's chat, which the group sends when the user joins or leaves it, or when a relay starts
 * to deliver. Clients have a copy of the bounds, so they are notified.
 */
export function applyGroupBounds(user: UserCore, { conversationID, home, about }: LogUpdate, bounds: Bounds): void {
  // A user who leaves before any message arrived needs no conversation.
  if (bounds.left && !user.cursors.find(conversationID)) return
  const isNew = !user.conversations.has(conversationID)
  user.cursors.markUnread(conversationID, home)
  ensureConversation(user, conversationID, about)
  if (bounds.relay !== '') joinRelay(user, { conversationID, home }, bounds.relay)
  if (!user.cursors.setBounds(conversationID, notificationTwin(conversationID), bounds)) return
  if (user.conversations.has(conversationID)) user.conversations.touch(conversationID)
  // No device has a copy of a new conversation. At this notification, the Go core would read the conversation, consider
  // the group known, and not report the new conversation to its app.
  if (isNew) return
  notifyConversationsChanged(user, [conversationID], user.now())
}

/**
 * Marks the group's notification log unread, and notifies a new relay if the user is online: the relay may have found
 * the user offline before this delivery arrived.
 */
function joinRelay(
  user: UserCore,
  { conversationID, home }: Pick<LogUpdate, 'conversationID' | 'home'>,
  relay: string,
): void {
  user.cursors.markUnread(notificationTwin(conversationID), home)
  const isKnown = user.cursors.find(conversationID)?.relay === relay
  if (!isKnown && user.devices.isOnline) void notifyRelays(user, [relay])
}

/** Whether the user joins a group again after leaving it; messages sent in between are never delivered here. */
export function isRejoining(user: UserCore, conversationID: string, bounds: Bounds): boolean {
  return !bounds.left && (user.cursors.find(conversationID)?.leftSeq ?? 0) !== 0
}
