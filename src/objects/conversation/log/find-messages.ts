import type { StoredMessage } from '../../../contracts/messages.ts'
import { MINUTE_MS } from '../../../platform/durations.ts'
import type { ConversationCore } from '../conversation-core.ts'

/** The clocks of two objects may differ by this much. */
const CLOCK_SLACK_MS = 10_000
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

/** The given messages of the chat that exist, as stored, without the view of any member. */
export function findStored({ state }: ConversationCore, seqs: readonly number[]): StoredMessage[] {
  return seqs.flatMap((seq) => state.logs.chat.read(seq) ?? [])
}
