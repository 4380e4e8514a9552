import type { ConversationState } from '../../../contracts/conversation.ts'
import type { LogName } from '../../../contracts/messages.ts'
import type { ConversationCore } from '../conversation-core.ts'

/**
 * Reports the heads of both logs to a member. The member then knows of all messages up to these seqs, so delivery
 * resumes: later messages are not skipped.
 * @param since the seqs that the caller already knows; the member's own messages are searched after them
 */
export function reportState(
  { state: { members, logs, mentions }, dispatch }: ConversationCore,
  userID: string,
  since: Record<LogName, number>,
): ConversationState {
  dispatch.resumeMember(userID)
  return {
    about: members.aboutFor(userID),
    mention: mentions.of(userID, members),
    chat: logs.chat.state(userID, since.chat),
    notification: logs.notification.state(userID, since.notification),
  }
}
