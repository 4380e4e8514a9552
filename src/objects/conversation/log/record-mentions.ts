import { SessionType } from '../../../protocol/constants/session-type.ts'
import { mayMention, mentionedBy } from '../../../protocol/mentions.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { StampedMessage } from '../delivery/stamped-message.ts'
import type { ConversationState } from '../state/conversation-state.ts'

/**
 * Records the members that a new message of a group's chat mentions, and notes them in the message for its delivery.
 * Members who are offline learn of it when they sync. Only messages of the two kinds that mention members are decoded.
 */
export function recordMentions(
  { mentions, members }: Pick<ConversationState, 'mentions' | 'members'>,
  stamped: StampedMessage,
): void {
  const { item, seq, msg } = stamped
  if (!mayMention(item.contentType) || item.sessionType !== SessionType.Group) return
  if (item.log !== 'chat' || seq === 0) return
  const mentioned = mentionedBy(MsgData.decode(msg))
  if (!mentioned) return
  mentions.add(mentioned, { seq, sendID: item.sendID }, members)
  stamped.mentioned = mentioned
}
