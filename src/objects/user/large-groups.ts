import type { Bounds, News } from '../../platform/rpc.ts'
import { notificationTwin } from '../../protocol/conversation-id.ts'
import { ensureConversation } from './begin-conversation.ts'
import { listenTo } from './come-back.ts'
import { tellConversationsChanged } from './tell-devices.ts'
import type { UserCore } from './user-core.ts'

/**
 * The user has joined a group, has left one, or is served by a relay from now on: what may be read of its chat changes
 * with that, and clients have a copy of it.
 */
export function takeBounds(user: UserCore, { conversationID, home, about }: News, bounds: Bounds): void {
  // Whoever is put out of a group before its conversation was ever seen needs none.
  if (bounds.left && !user.marks.find(conversationID)) return
  const isNew = !user.conversations.has(conversationID)
  user.marks.mark(conversationID, home)
  ensureConversation(user, conversationID, about)
  if (bounds.relay !== '') listenToNew(user, { conversationID, home }, bounds.relay)
  if (!user.marks.setBounds(conversationID, notificationTwin(conversationID), bounds)) return
  if (user.conversations.has(conversationID)) user.conversations.touch(conversationID)
  // No device has a copy of what is new. The Go core would take the group for known when it reads the conversation, and
  // then has no news of it for its app.
  if (isNew) return
  tellConversationsChanged(user, [conversationID], user.now())
}

/** The relay may have found the user absent before this came here: who is here by now has to say so. */
function listenToNew(
  user: UserCore,
  { conversationID, home }: Pick<News, 'conversationID' | 'home'>,
  relay: string,
): void {
  user.marks.mark(notificationTwin(conversationID), home)
  const isKnown = user.marks.find(conversationID)?.relay === relay
  if (!isKnown && user.devices.someOpen) void listenTo(user, [relay])
}

/** Whether the user is in a group again after having left it: what was said meanwhile did not come here. */
export function rejoins(user: UserCore, conversationID: string, bounds: Bounds): boolean {
  return !bounds.left && (user.marks.find(conversationID)?.leftSeq ?? 0) !== 0
}
