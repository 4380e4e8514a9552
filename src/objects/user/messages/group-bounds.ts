import type { Bounds, News } from '../../../contracts/messages.ts'
import { notificationTwin } from '../../../protocol/conversation-id.ts'
import { ensureConversation } from '../conversations/begin-conversation.ts'
import { notifyConversationsChanged } from '../conversations/notify-own-devices.ts'
import type { UserCore } from '../user-core.ts'
import { resumeRelays } from './reconnect.ts'

/**
 * The user has joined a group, has left one, or is served by a relay from now on: what may be read of its chat changes
 * with that, and clients have a copy of it.
 */
export function applyGroupBounds(user: UserCore, { conversationID, home, about }: News, bounds: Bounds): void {
  // Whoever is put out of a group before its conversation was ever seen needs none.
  if (bounds.left && !user.cursors.find(conversationID)) return
  const isNew = !user.conversations.has(conversationID)
  user.cursors.markUnread(conversationID, home)
  ensureConversation(user, conversationID, about)
  if (bounds.relay !== '') listenToNew(user, { conversationID, home }, bounds.relay)
  if (!user.cursors.setBounds(conversationID, notificationTwin(conversationID), bounds)) return
  if (user.conversations.has(conversationID)) user.conversations.touch(conversationID)
  // No device has a copy of what is new. The Go core would take the group for known when it reads the conversation, and
  // then has no news of it for its app.
  if (isNew) return
  notifyConversationsChanged(user, [conversationID], user.now())
}

/** The relay may have found the user absent before this came here: who is here by now has to say so. */
function listenToNew(
  user: UserCore,
  { conversationID, home }: Pick<News, 'conversationID' | 'home'>,
  relay: string,
): void {
  user.cursors.markUnread(notificationTwin(conversationID), home)
  const isKnown = user.cursors.find(conversationID)?.relay === relay
  if (!isKnown && user.devices.someOpen) void resumeRelays(user, [relay])
}

/** Whether the user is in a group again after having left it: what was said meanwhile did not come here. */
export function isRejoining(user: UserCore, conversationID: string, bounds: Bounds): boolean {
  return !bounds.left && (user.cursors.find(conversationID)?.leftSeq ?? 0) !== 0
}
