import type { MemberSettings } from '../../../contracts/conversation.ts'
import type { ConversationCore } from '../conversation-core.ts'

/** Keeps the settings of one member. A new `burnDuration` holds for the messages that follow. */
export function setMember({ state }: ConversationCore, userID: string, settings: MemberSettings): void {
  const { members, burning, logs } = state
  if (settings.recvMsgOpt !== undefined || settings.globalRecvMsgOpt !== undefined) members.set(userID, settings)
  if (settings.burnDuration === undefined || !members.isSaved || !members.has(userID)) return
  burning.set(userID, logs.chat.maxSeq + 1, settings.burnDuration)
}
