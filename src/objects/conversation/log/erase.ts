import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { requireKind } from '../members/require-kind.ts'
import type { Members } from '../state/members.ts'
import { emptied } from './read-window.ts'

/**
 * Erases messages of the chat for all members. In a group its owner and administrators may erase every message, and a
 * member those that the member sent. In a chat of two users both may erase every message, as in OpenIM.
 * @param by the member who erases them; null for callers whose right needs no check
 * @throws ImError 1002 when the member may not erase one of the messages; then no message is erased
 */
export function erase(conversation: ConversationCore, seqs: readonly number[], by: string | null): void {
  requireKind(conversation)
  const { state } = conversation
  const ownOnly = by !== null && !mayEraseAll(state.members, by)
  state.transaction(() => {
    for (const seq of seqs) {
      const message = state.logs.chat.read(seq)
      if (!message) continue
      if (ownOnly && message.sendID !== by) {
        throw ImError.noPermission(
          `${by} did not send the message with seq ${seq}, and is neither the owner nor an administrator of the group`,
        )
      }
      state.logs.chat.erase(seq, emptied(message.msg))
    }
  })
}

function mayEraseAll(members: Members, userID: string): boolean {
  return members.kind?.groupID === '' || (members.get(userID)?.roleLevel ?? 0) >= GroupRole.Admin
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
