import type { LogSlice, ReadWindow, StoredMessage } from '../../platform/rpc.ts'
import { MessageStatus } from '../../protocol/constants/message-status.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import { placeholderMessage } from '../../protocol/push-messages.ts'
import type { MessageLog } from './message-log.ts'

/** How far back the newest showable message is looked for. */
const LAST_MESSAGE_STEP = 20

/** The owner's bounds cut to what the log holds. `upper` < `lower` when there is nothing to read. */
export function readable(log: MessageLog, window: ReadWindow): { lower: number; upper: number } {
  const { maxSeq } = log
  const upper = window.maxSeq > 0 ? Math.min(window.maxSeq, maxSeq) : maxSeq
  return { lower: Math.max(1, window.minSeq), upper }
}

/** The newest `limit` messages of a range, ascending. Clients ask again for what is missing, so holes are filled. */
export function readRange(log: MessageLog, window: ReadWindow, begin: number, end: number, limit: number): LogSlice {
  const { lower, upper } = readable(log, window)
  const to = Math.min(end, upper)
  const from = Math.max(begin, lower, to - limit + 1)
  const found = new Map(log.readRange(from, to, limit).map((message) => [message.seq, message]))
  const messages: StoredMessage[] = []
  for (let seq = from; seq <= to; seq++) messages.push(found.get(seq) ?? hole(seq))
  return { lower, upper, messages }
}

/** Those of the given seqs that are readable, in the order asked for. */
export function readSeqs(log: MessageLog, window: ReadWindow, seqs: readonly number[]): LogSlice {
  const { lower, upper } = readable(log, window)
  const wanted = seqs.filter((seq) => seq >= lower && seq <= upper)
  return { lower, upper, messages: wanted.map((seq) => log.read(seq) ?? hole(seq)) }
}

/** The newest message that is neither deleted nor missing, or null. */
export function readLast(log: MessageLog, window: ReadWindow): StoredMessage | null {
  const { lower, upper } = readable(log, window)
  for (let to = upper; to >= lower; to -= LAST_MESSAGE_STEP) {
    const newestFirst = log.readRange(Math.max(lower, to - LAST_MESSAGE_STEP + 1), to, LAST_MESSAGE_STEP).reverse()
    const last = newestFirst.find((message) => MsgData.decode(message.msg).status < MessageStatus.Deleted)
    if (last) return last
  }
  return null
}

function hole(seq: number): StoredMessage {
  return { seq, msg: placeholderMessage(seq) }
}
