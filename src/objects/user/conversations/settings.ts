import type { ConversationChange } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import type { UserCore } from '../user-core.ts'

/** How many conversations are told of a setting at the same time. */
const MAX_PARALLEL = 32

/** Changes what the owner has set about a conversation. What the send check needs goes to the conversation first. */
export async function setConversation(user: UserCore, change: ConversationChange): Promise<boolean> {
  const { conversationID, recvMsgOpt } = change
  if (recvMsgOpt !== undefined && user.cursors.find(conversationID)) {
    await user.conversation(conversationID).setMember(user.userID, { recvMsgOpt })
  }
  return user.conversations.set(change)
}

/** Sets `ex` of every conversation with that peer. */
export function setExOfPeer(user: UserCore, peerUserID: string, ex: string): string[] {
  return user.conversations.withPeer(peerUserID).filter((conversationID) => {
    const [row] = user.conversations.list([conversationID])
    return (
      row !== undefined &&
      user.conversations.set({
        conversationID,
        conversationType: row.conversationType,
        userID: row.userID,
        groupID: row.groupID,
        ex,
      })
    )
  })
}

/** Tells every conversation of the user; a conversation that begins later asks by itself. */
export async function setGlobalRecvMsgOpt(user: UserCore, globalRecvMsgOpt: number): Promise<void> {
  user.pushState.setGlobalRecvMsgOpt(globalRecvMsgOpt)
  const homes = user.cursors
    .all()
    .filter((mark) => !isNotificationConversation(mark.conversationID))
    .map((mark) => mark.home)
  await inParallel(homes, MAX_PARALLEL, (home) => user.conversation(home).setMember(user.userID, { globalRecvMsgOpt }))
}
