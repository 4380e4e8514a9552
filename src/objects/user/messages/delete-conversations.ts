import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ReceiveOption } from '../../../protocol/constants/receive-option.ts'
import { updateSelfDestruct } from '../conversations/self-destruct.ts'
import type { UserCore } from '../user-core.ts'
import { refreshCursors } from './sync.ts'

/** Maximum number of conversations that are deleted at the same time. */
const MAX_PARALLEL = 32

/**
 * Deletes conversations from the owner's list, with their settings. A blocked sender may write again: without the
 * entry in the list, the owner could not see that messages are refused.
 */
export async function deleteConversations(user: UserCore, conversationIDs: readonly string[]): Promise<void> {
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, async (conversationID) => {
    const [row] = user.conversations.list([conversationID])
    if (!row) return
    if ((row.recvMsgOpt !== ReceiveOption.Notify || row.isPrivateChat) && user.cursors.find(conversationID)) {
      const settings = { recvMsgOpt: ReceiveOption.Notify, burnDuration: 0 }
      await user.conversation(conversationID).setMember(user.userID, settings)
    }
    // Clears the unread mark, so that older messages do not create the entry again. The call also makes the
    // conversation resume deliveries, if it skips deliveries to this user.
    await refreshIfUnread(user, conversationID)
    user.conversations.delete(conversationID)
    await updateSelfDestruct(user, conversationID)
    // A message that arrived during the call marked the log unread; this refresh then creates the entry again.
    await refreshIfUnread(user, conversationID)
  })
}

async function refreshIfUnread(user: UserCore, conversationID: string): Promise<void> {
  const cursor = user.cursors.find(conversationID)
  if (cursor?.isUnread) await refreshCursors(user, cursor.home, [cursor])
}
