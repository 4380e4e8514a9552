import type { LogSlice, ReadWindow, StoredMessage } from '../../../contracts/messages.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { placeholderMessage } from '../../../protocol/push-messages.ts'
import type { Members } from '../members/members.ts'
import type { HiddenMessages } from './hidden-messages.ts'
import type { LogMessage, MessageLog } from './message-log.ts'

/** How far back the newest showable message is looked for at a time. */
const LAST_MESSAGE_STEP = 20

/** A log with all that decides how a member sees it. */
export interface ReadableLog {
  log: MessageLog
  /** What nobody reads any more lies below; 0 = nothing. */
  minSeq: number
  members: Members
  /** What members do not want to see; null for the notification log, of which nothing is hidden. */
  hidden: HiddenMessages | null
}

/** The newest `limit` messages of a range, ascending. Clients ask again for what is missing, so holes are filled. */
export function readRange(from: ReadableLog, window: ReadWindow, begin: number, end: number, limit: number): LogSlice {
  const { lower, upper } = readable(from, window)
  const last = Math.min(end, upper)
  const first = Math.max(begin, lower, last - limit + 1)
  const found = new Map(from.log.readRange(first, last, limit).map((message) => [message.seq, message]))
  const show = viewOf(from, window.userID, first, last)
  const messages: StoredMessage[] = []
  for (let seq = first; seq <= last; seq++) messages.push(show(seq, found.get(seq) ?? null))
  return { lower, upper, messages }
}

/** Those of the given seqs that are readable, in the order asked for. */
export function readSeqs(from: ReadableLog, window: ReadWindow, seqs: readonly number[]): LogSlice {
  const { lower, upper } = readable(from, window)
  const wanted = seqs.filter((seq) => seq >= lower && seq <= upper)
  const show = viewOf(from, window.userID, Math.min(...wanted), Math.max(...wanted))
  return { lower, upper, messages: wanted.map((seq) => show(seq, from.log.read(seq))) }
}

/** The newest message that is neither deleted nor missing, or null. */
export function readLast(from: ReadableLog, window: ReadWindow): StoredMessage | null {
  const { lower, upper } = readable(from, window)
  for (let last = upper; last >= lower; last -= LAST_MESSAGE_STEP) {
    const first = Math.max(lower, last - LAST_MESSAGE_STEP + 1)
    const { messages } = readRange(from, window, first, last, LAST_MESSAGE_STEP)
    const newest = messages.findLast((message) => MsgData.decode(message.msg).status < MessageStatus.Deleted)
    if (newest) return newest
  }
  return null
}

/** The reader's bounds cut to what the log holds. `upper` < `lower` when there is nothing to read. */
function readable({ log, minSeq }: ReadableLog, window: ReadWindow): { lower: number; upper: number } {
  const { maxSeq } = log
  const upper = window.maxSeq === 0 ? maxSeq : Math.max(0, Math.min(window.maxSeq, maxSeq))
  return { lower: Math.max(1, minSeq, window.minSeq), upper }
}

/** How one member sees the messages of a stretch of the log. */
function viewOf({ members, hidden }: ReadableLog, userID: string, first: number, last: number) {
  const away = hidden?.seqs(userID, first, last) ?? new Set()
  // OpenIM tells of single chats only whether a message has been read; groups have their own receipts.
  const receipts = members.kind?.sessionType === SessionType.Single && hidden !== null
  const readBy = receipts ? members.readBy(first, last) : null
  return (seq: number, message: LogMessage | null): StoredMessage => {
    if (!message) return { seq, msg: placeholderMessage(seq) }
    if (away.has(seq)) return { seq, msg: emptied(message.msg) }
    return { seq, msg: readBy?.(seq, message.sendID) ? withReadFlag(message.msg) : message.msg }
  }
}

/** A message without what it said: clients take it out of their history. */
export function emptied(msg: Uint8Array): Uint8Array {
  const empty = new Uint8Array()
  return MsgData.encode({ ...MsgData.decode(msg), content: empty, status: MessageStatus.Deleted }).finish()
}

/** Field 18, isRead, as true: the last value of a field is the one that counts. */
const IS_READ = new Uint8Array([0x90, 0x01, 0x01])

function withReadFlag(msg: Uint8Array): Uint8Array {
  const flagged = new Uint8Array(msg.length + IS_READ.length)
  flagged.set(msg)
  flagged.set(IS_READ, msg.length)
  return flagged
}
