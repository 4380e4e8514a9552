import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { UserCore } from '../user-core.ts'
import { refreshCursors } from './sync.ts'

/** How many conversations are told at the same time. */
const MAX_PARALLEL = 32

/**
 * Takes conversations off the owner's list. Their settings go with them, so that a sender who was refused is no longer:
 * nothing would show the owner that somebody is.
 */
export async function deleteConversations(user: UserCore, conversationIDs: readonly string[]): Promise<void> {
  await inParallel([...new Set(conversationIDs)], MAX_PARALLEL, async (conversationID) => {
    const [row] = user.conversations.list([conversationID])
    if (!row) return
    if (row.recvMsgOpt !== 0 && user.cursors.find(conversationID)) {
      await user.conversation(conversationID).setMember(user.userID, { recvMsgOpt: 0 })
    }
    // What came before does not bring the conversation back; and one that spares the absent brings what comes next.
    await settle(user, conversationID)
    user.conversations.delete(conversationID)
    // What came while it was asked does.
    await settle(user, conversationID)
  })
}

/** Asks a conversation that has news where it stands. */
async function settle(user: UserCore, conversationID: string): Promise<void> {
  const mark = user.cursors.find(conversationID)
  if (mark?.dirty) await refreshCursors(user, mark.home, [mark])
}
