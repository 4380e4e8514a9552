import type { Bounds, News } from '../../platform/rpc.ts'
import { notificationTwin } from '../../protocol/conversation-id.ts'
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
  user.conversations.ensure(conversationID, about)
  if (bounds.relay !== '') user.marks.mark(notificationTwin(conversationID), home)
  if (!user.marks.setBounds(conversationID, notificationTwin(conversationID), bounds)) return
  user.conversations.touch(conversationID)
  // No device has a copy of what is new. The Go core would take the group for known when it reads the conversation, and
  // then has no news of it for its app.
  if (isNew) return
  tellConversationsChanged(user, [conversationID], user.now())
}

/** Whether the user is in a group again after having left it: what was said meanwhile did not come here. */
export function rejoins(user: UserCore, conversationID: string, bounds: Bounds): boolean {
  return !bounds.left && (user.marks.find(conversationID)?.leftSeq ?? 0) !== 0
}

/** The first device is back: the relays of the user's large groups deliver again. */
export async function comeBack(user: UserCore): Promise<void> {
  const relayed = user.marks.relayed()
  // What passed by meanwhile will not come here: the next message must not wait for it.
  for (const { conversationID } of relayed) user.inOrder.forget(conversationID)
  const names = new Set(relayed.map(({ relay }) => relay))
  const results = await Promise.allSettled([...names].map((name) => user.relay(name).came(user.userID)))
  for (const result of results) {
    if (result.status === 'rejected') user.log.error('a relay does not know that the user is back', result.reason)
  }
}
