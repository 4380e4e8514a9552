import type { StoredMessage } from '../../../contracts/messages.ts'
import { MINUTE_MS } from '../../../platform/durations.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { ConversationCore } from '../conversation-core.ts'

/** The clocks of two objects may differ by this much. */
const CLOCK_SLACK_MS = 10_000
/** The largest answer with stored messages; a page of the search has as much. */
const MAX_STORED_BYTES = 4 * 1024 * 1024
/** A call may store its message this long after it began. */
const LONGEST_CALL_MS = MINUTE_MS

/** Whether a call that began at a time (ms) stored the sender's message with that ID. */
export function hasMessage(
  { state }: ConversationCore,
  sendID: string,
  clientMsgID: string,
  callBegan: number,
): boolean {
  const { chat } = state.logs
  // The call may have been a retry, whose message was stored earlier.
  if (chat.firstAnswer(sendID, clientMsgID, callBegan)) return true
  return chat.hasMessage(sendID, clientMsgID, callBegan - CLOCK_SLACK_MS, callBegan + LONGEST_CALL_MS)
}

/**
 * The given messages of the chat that exist, each once, as stored, without the view of any member.
 * @throws ImError 1001 when several messages are too large for one answer
 */
export function findStored({ state }: ConversationCore, seqs: readonly number[]): StoredMessage[] {
  const found: StoredMessage[] = []
  let bytes = 0
  for (const seq of new Set(seqs)) {
    const message = state.logs.chat.read(seq)
    if (!message) continue
    bytes += message.msg.length
    if (bytes > MAX_STORED_BYTES && found.length > 0) {
      throw ImError.args(`the messages have more than ${MAX_STORED_BYTES} bytes; ask for fewer of them`)
    }
    found.push(message)
  }
  return found
}
