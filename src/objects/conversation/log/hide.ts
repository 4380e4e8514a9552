import type { ConversationCore } from '../conversation-core.ts'
import { requireKind } from '../members/require-kind.ts'

/**
 * Hides messages of the chat from one member. Seqs above the newest message are ignored: no such message exists yet.
 */
export function hide(conversation: ConversationCore, userID: string, seqs: readonly number[]): void {
  requireKind(conversation)
  const { hidden, logs } = conversation.state
  const { maxSeq } = logs.chat
  hidden.add(
    userID,
    seqs.filter((seq) => seq <= maxSeq),
  )
}
