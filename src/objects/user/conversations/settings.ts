import type { MemberSettings } from '../../../contracts/conversation.ts'
import type { ConversationChange } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { isNotificationConversation, isSingleConversation } from '../../../protocol/conversation-id.ts'
import type { UserCore } from '../user-core.ts'
import { updateSelfDestruct } from './self-destruct.ts'

/** Maximum number of conversations that are updated at the same time. */
const MAX_PARALLEL = 32

/**
 * Changes the owner's settings of a conversation. The receive option goes to the ConversationObject first, because the
 * send check reads the copy there.
 * @returns whether anything changed
 */
export async function setConversation(user: UserCore, change: ConversationChange): Promise<boolean> {
  const { conversationID, recvMsgOpt } = change
  if (recvMsgOpt !== undefined && user.cursors.find(conversationID)) {
    await user.conversation(conversationID).setMember(user.userID, { recvMsgOpt })
  }
  const isChanged = user.conversations.set(change)
  if (change.isPrivateChat !== undefined || change.burnDuration !== undefined) await reportBurning(user, conversationID)
  if (change.isMsgDestruct !== undefined || change.msgDestructTime !== undefined) {
    await updateSelfDestruct(user, conversationID)
  }
  return isChanged
}

/** Copies the setting of a private chat to its conversation, which erases the messages. A new one asks for it. */
async function reportBurning(user: UserCore, conversationID: string): Promise<void> {
  if (!isSingleConversation(conversationID) || !user.cursors.find(conversationID)) return
  const { burnDuration = 0 } = memberSettings(user, conversationID)
  await user.conversation(conversationID).setMember(user.userID, { burnDuration })
}

/**
 * Sets `ex` of every conversation with a peer.
 * @returns the conversations that changed
 */
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

/**
 * Sets the receive option for all conversations, here and in every ConversationObject. New ConversationObjects read it
 * from here.
 */
export async function setGlobalRecvMsgOpt(user: UserCore, globalRecvMsgOpt: number): Promise<void> {
  user.pushState.setGlobalRecvMsgOpt(globalRecvMsgOpt)
  const homes = user.cursors
    .all()
    .filter((cursor) => !isNotificationConversation(cursor.conversationID))
    .map((cursor) => cursor.home)
  await inParallel(homes, MAX_PARALLEL, (home) => user.conversation(home).setMember(user.userID, { globalRecvMsgOpt }))
}

/** The settings that a new ConversationObject copies; empty when the user has no such conversation. */
export function memberSettings(user: UserCore, conversationID: string): MemberSettings {
  const [row] = user.conversations.list([conversationID])
  if (!row) return {}
  return { recvMsgOpt: row.recvMsgOpt, burnDuration: row.isPrivateChat ? row.burnDuration : 0 }
}
