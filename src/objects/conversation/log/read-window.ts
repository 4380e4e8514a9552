import type { LogName, LogSlice, ReadLimits, ReadWindow, SeqRange, StoredMessage } from '../../../contracts/messages.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { placeholderMessage } from '../../../protocol/push-messages.ts'
import type { ConversationCore } from '../conversation-core.ts'
import type { HiddenMessages } from '../state/hidden-messages.ts'
import type { Members } from '../state/members.ts'
import type { LogMessage, MessageLog } from '../state/message-log.ts'

/** The newest visible message is searched among this many seqs below the upper bound. */
const MAX_LAST_SEARCH = 1_000

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

/** The first and the last seq of a part of a log. */
interface Span {
  first: number
  last: number
}

/**
 * The messages of the ranges, each seq once, ascending. Holes get placeholders, or clients would ask for them again.
 * Reading goes from the newest message down and ends at the limits, so that no more is built than the answer may have.
 */
export function readRanges(
  conversation: ConversationCore,
  log: LogName,
  window: ReadWindow,
  ranges: readonly SeqRange[],
  limits: ReadLimits,
): LogSlice {
  const view = viewOf(conversation, log, window)
  const spans = ranges.map(({ begin, end, limit }) => {
    const last = Math.min(end, view.upper)
    return { first: Math.max(begin, view.lower, last - limit + 1), last }
  })
  const { messages, isCut } = readSpans(view, spans, limits)
  return { lower: view.lower, upper: view.upper, messages: messages.reverse(), isCut }
}

/** The readable messages among the given seqs, each once, in the given order. */
export function readSeqs(
  conversation: ConversationCore,
  log: LogName,
  window: ReadWindow,
  seqs: readonly number[],
  limits: ReadLimits,
): LogSlice {
  const view = viewOf(conversation, log, window)
  const { lower, upper } = view
  const wanted = [...new Set(seqs)].filter((seq) => seq >= lower && seq <= upper)
  const { messages, isCut } = readSpans(
    view,
    wanted.map((seq) => ({ first: seq, last: seq })),
    limits,
  )
  const bySeq = new Map(messages.map((message) => [message.seq, message]))
  return { lower, upper, messages: wanted.flatMap((seq) => bySeq.get(seq) ?? []), isCut }
}

/** The newest message of the chat that is neither deleted nor missing, or null. */
export function readLast(conversation: ConversationCore, window: ReadWindow): StoredMessage | null {
  const view = viewOf(conversation, 'chat', window)
  const span = { first: Math.max(view.lower, view.upper - MAX_LAST_SEARCH + 1), last: view.upper }
  for (const message of view.log.notHidden(window.userID, span.first, span.last)) {
    if (MsgData.decode(message.msg).status >= MessageStatus.Deleted) continue
    return showerOf(view, message.seq, message.seq)(message.seq, message)
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

/** The messages of the spans, newest first, until a limit is reached. */
function readSpans(
  view: LogView,
  spans: readonly Span[],
  limits: ReadLimits,
): { messages: StoredMessage[]; isCut: boolean } {
  const messages: StoredMessage[] = []
  let bytes = 0
  let left = limits.messages
  for (const { first, last } of mergedDown(spans)) {
    if (left <= 0) return { messages, isCut: true }
    const oldest = Math.max(first, last - left + 1)
    for (const message of readDown(view, { first: oldest, last })) {
      if (messages.length > 0 && bytes + message.msg.length > limits.bytes) return { messages, isCut: true }
      messages.push(message)
      bytes += message.msg.length
    }
    if (oldest > first) return { messages, isCut: true }
    left -= last - first + 1
  }
  return { messages, isCut: false }
}

/** Merges spans that overlap or touch, so that every seq is in one span; the newest span comes first. */
function mergedDown(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.filter(({ first, last }) => first <= last).sort((a, b) => b.last - a.last)) {
    const newer = merged.at(-1)
    if (newer && span.last >= newer.first - 1) newer.first = Math.min(newer.first, span.first)
    else merged.push({ ...span })
  }
  return merged
}

/** Every seq of a span, newest first, one at a time: a caller that stops early reads no further rows. */
function* readDown(view: LogView, { first, last }: Span): Generator<StoredMessage> {
  const show = showerOf(view, first, last)
  let next = last
  for (const message of view.log.down(last + 1, first)) {
    for (; next > message.seq; next--) yield show(next, null)
    yield show(next--, message)
  }
  for (; next >= first; next--) yield show(next, null)
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
