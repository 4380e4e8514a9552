import type { ConversationCore } from '../conversation-core.ts'
import { requireKind } from '../members/require-kind.ts'
import { emptied } from './read-window.ts'

/** Erases messages of the chat for all members. */
export function erase(conversation: ConversationCore, seqs: readonly number[]): void {
  requireKind(conversation)
  const { state } = conversation
  state.transaction(() => {
    for (const seq of seqs) {
      const message = state.logs.chat.read(seq)
      if (message) state.logs.chat.erase(seq, emptied(message.msg))
    }
  })
}

/** Hides the whole chat from all members; later messages stay readable. @returns the newest seq */
export function clear(conversation: ConversationCore): number {
  requireKind(conversation)
  const { cleared, logs } = conversation.state
  const { maxSeq } = logs.chat
  cleared.raise(maxSeq + 1)
  return maxSeq
}

/**
 * Erases the messages of the chat that were stored at or before a time (ms), at most `limit` seqs from the oldest on.
 * @returns how many messages it erased
 */
export function eraseBefore(conversation: ConversationCore, time: number, limit: number): number {
  requireKind(conversation)
  const { state } = conversation
  const { chat } = state.logs
  const seq = Math.min(chat.newestSeqBefore(time), chat.minSeq + limit - 1)
  if (seq < chat.minSeq) return 0
  return state.transaction(() => {
    state.cleared.raise(seq + 1)
    return chat.eraseUpTo(seq, emptied)
  })
}
