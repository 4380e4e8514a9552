import type { Readers, ReadResult } from '../../../contracts/conversation.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { requireKind } from './require-kind.ts'

/**
 * Marks the chat as read up to `hasReadSeq`, and single messages beyond it.
 * @throws ImError 1001 for a seq above the newest message, 1004 when there is no such conversation
 */
export function markRead(
  conversation: ConversationCore,
  userID: string,
  hasReadSeq: number,
  seqs: readonly number[],
): ReadResult {
  const { sessionType } = requireKind(conversation)
  const { members, logs } = conversation.state
  const { maxSeq } = logs.chat
  const beyond = [hasReadSeq, ...seqs].find((seq) => seq > maxSeq)
  if (beyond !== undefined) throw ImError.args(`seq ${beyond} is above ${maxSeq}, the seq of the newest message`)
  const newlyRead = members.read(userID, hasReadSeq, seqs).filter((seq) => logs.chat.senderOf(seq) !== userID)
  return { sessionType, hasReadSeq: members.get(userID)?.readSeq ?? hasReadSeq, newlyRead }
}

/** Lists one page of the members who have read a message, or of those who have not. */
export function readers(
  { state: { members, logs } }: ConversationCore,
  seq: number,
  page: { hasRead: boolean; offset: number; limit: number },
): Readers {
  const message = logs.chat.read(seq)
  if (!message) throw ImError.notFound(`the conversation has no message with seq ${seq}`)
  return members.readers(seq, message.sendID, page)
}
