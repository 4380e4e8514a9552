import type { LogName, LogSlice, ReadWindow, StoredMessage } from '../../../contracts/messages.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { placeholderMessage } from '../../../protocol/push-messages.ts'
import type { ConversationCore } from '../conversation-core.ts'
import type { HiddenMessages } from '../state/hidden-messages.ts'
import type { Members } from '../state/members.ts'
import type { LogMessage, MessageLog } from '../state/message-log.ts'

/** The search for the newest visible message reads this many messages at a time. */
const LAST_MESSAGE_STEP = 20

/** A log as one member sees it. */
interface LogView {
  userID: string
  log: MessageLog
  members: Members
  /** Null for the notification log, whose messages cannot be hidden. */
  hidden: HiddenMessages | null
  /** The readable seqs; `upper` < `lower` when no message is readable. */
  lower: number
  upper: number
}

/** The newest `limit` messages of a range, ascending. Holes get placeholders, or clients would ask for them again. */
export function readRange(
  conversation: ConversationCore,
  log: LogName,
  window: ReadWindow,
  range: { begin: number; end: number; limit: number },
): LogSlice {
  const view = viewOf(conversation, log, window)
  return { lower: view.lower, upper: view.upper, messages: readFrom(view, range) }
}

/** The readable messages among the given seqs, in the given order. */
export function readSeqs(
  conversation: ConversationCore,
  log: LogName,
  window: ReadWindow,
  seqs: readonly number[],
): LogSlice {
  const view = viewOf(conversation, log, window)
  const { lower, upper } = view
  const wanted = seqs.filter((seq) => seq >= lower && seq <= upper)
  const show = showerOf(view, Math.min(...wanted), Math.max(...wanted))
  return { lower, upper, messages: wanted.map((seq) => show(seq, view.log.read(seq))) }
}

/** The newest message of the chat that is neither deleted nor missing, or null. */
export function readLast(conversation: ConversationCore, window: ReadWindow): StoredMessage | null {
  const view = viewOf(conversation, 'chat', window)
  for (let last = view.upper; last >= view.lower; last -= LAST_MESSAGE_STEP) {
    const begin = Math.max(view.lower, last - LAST_MESSAGE_STEP + 1)
    const messages = readFrom(view, { begin, end: last, limit: LAST_MESSAGE_STEP })
    const newest = messages.findLast((message) => MsgData.decode(message.msg).status < MessageStatus.Deleted)
    if (newest) return newest
  }
  return null
}

function viewOf({ state, config }: ConversationCore, name: LogName, window: ReadWindow): LogView {
  const { members, logs, hidden, cleared } = state
  const log = logs[name]
  if (name === 'notification') {
    return { userID: window.userID, log, members, hidden: null, ...boundsOf(log, window, 0) }
  }
  const clipped = members.clip(window, config.admins.has(window.userID))
  return { userID: window.userID, log, members, hidden, ...boundsOf(log, clipped, cleared.minSeq) }
}

/** The reader's own bounds, narrowed to the messages of the log above the cleared history. */
function boundsOf({ maxSeq }: MessageLog, window: ReadWindow, minSeq: number): { lower: number; upper: number } {
  const upper = window.maxSeq === 0 ? maxSeq : Math.max(0, Math.min(window.maxSeq, maxSeq))
  return { lower: Math.max(1, minSeq, window.minSeq), upper }
}

function readFrom(
  view: LogView,
  { begin, end, limit }: { begin: number; end: number; limit: number },
): StoredMessage[] {
  const last = Math.min(end, view.upper)
  const first = Math.max(begin, view.lower, last - limit + 1)
  const found = new Map(view.log.readRange(first, last, limit).map((message) => [message.seq, message]))
  const show = showerOf(view, first, last)
  const messages: StoredMessage[] = []
  for (let seq = first; seq <= last; seq++) messages.push(show(seq, found.get(seq) ?? null))
  return messages
}

/** Returns a function that shows the messages from `first` to `last` as the member sees them. */
function showerOf({ userID, members, hidden }: LogView, first: number, last: number) {
  const hiddenSeqs = hidden?.seqs(userID, first, last) ?? new Set()
  // OpenIM: only one-to-one chats say in the message whether it was read; groups have separate receipts.
  const hasReceipts = members.kind?.sessionType === SessionType.Single && hidden !== null
  const readBy = hasReceipts ? members.readBy(first, last) : null
  return (seq: number, message: LogMessage | null): StoredMessage => {
    if (!message) return { seq, msg: placeholderMessage(seq) }
    if (hiddenSeqs.has(seq)) return { seq, msg: emptied(message.msg) }
    return { seq, msg: readBy?.(seq, message.sendID) ? withReadFlag(message.msg) : message.msg }
  }
}

/** A message without its content and with the status "deleted", so that clients remove it from their history. */
export function emptied(msg: Uint8Array): Uint8Array {
  const empty = new Uint8Array()
  return MsgData.encode({ ...MsgData.decode(msg), content: empty, status: MessageStatus.Deleted }).finish()
}

/** Field 18, isRead, with the value true. When a protobuf field is repeated, the last value counts. */
const IS_READ = new Uint8Array([0x90, 0x01, 0x01])

function withReadFlag(msg: Uint8Array): Uint8Array {
  const flagged = new Uint8Array(msg.length + IS_READ.length)
  flagged.set(msg)
  flagged.set(IS_READ, msg.length)
  return flagged
}
