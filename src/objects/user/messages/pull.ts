import type { LogSlice, ReadLimits } from '../../../contracts/messages.ts'
import type { LastMessages, PulledLog, PullRange } from '../../../contracts/user.ts'
import { withinBudget } from '../../../platform/concurrency/within-budget.ts'
import { PullOrder } from '../../../protocol/constants/message-status.ts'
import { hideExpired } from '../conversations/self-destruct.ts'
import { logNameOf, readWindowOf, type SeqCursor } from '../state/seq-cursors.ts'
import type { UserCore } from '../user-core.ts'

/** The bytes of the messages that one answer has, before it is encoded for the client. */
export const MAX_PULL_BYTES = 4 * 1024 * 1024
/** Maximum number of messages per conversation, cut to the newest. Clients request at most 50 at a time. */
const MAX_PULL = 1_000
/** Clients process every notification that they missed, so `num` does not limit notifications. */
const MAX_NOTIFICATIONS = 10_000
/** Maximum number of conversations that are asked at the same time. Each answer may have one message above its share. */
const MAX_PARALLEL = 16

/**
 * The messages of the ranges: of each range the newest `num`, of each conversation every seq once, ascending.
 * Conversations without a readable message are left out. An answer that would be too large has the newest messages of
 * each conversation, and `isEnd` false where messages are missing.
 */
export async function pullRanges(
  user: UserCore,
  ranges: readonly PullRange[],
  order: number,
  maxBytes = MAX_PULL_BYTES,
): Promise<PulledLog[]> {
  await hideExpired(user)
  const valid = ranges.filter(({ begin, end }) => begin <= end)
  const logs = [...Map.groupBy(valid, (range) => range.conversationID)].flatMap(([conversationID, ofLog]) => {
    const cursor = user.cursors.find(conversationID)
    return cursor ? [{ conversationID, cursor, ranges: ofLog }] : []
  })
  const pulled = await withinBudget(logs, { budget: maxBytes, maxParallel: MAX_PARALLEL }, async (log, bytes) => {
    const slice = await readRanges(user, log.cursor, log.ranges, bytes)
    return { result: slice, cost: sizeOf(slice) }
  })
  return logs.flatMap(({ conversationID, ranges: ofLog }, i) => {
    const slice = pulled[i]
    if (!slice) return { conversationID, msgs: [], isEnd: false, endSeq: 0 }
    if (slice.messages.length === 0) return []
    const begin = Math.min(...ofLog.map((range) => range.begin))
    const end = Math.max(...ofLog.map((range) => range.end))
    const reachesEnd = order === PullOrder.Asc ? slice.upper <= end : begin <= slice.lower
    return { conversationID, msgs: bytesOf(slice), isEnd: reachesEnd && !slice.isCut, endSeq: 0 }
  })
}

/**
 * Messages by seq, each once. The answer has every requested conversation, with an empty list where no message was
 * found. It is bounded like the answer of `pullRanges`.
 */
export async function pullSeqs(
  user: UserCore,
  conversations: readonly { conversationID: string; seqs: number[] }[],
  order: number,
  maxBytes = MAX_PULL_BYTES,
): Promise<PulledLog[]> {
  await hideExpired(user)
  const logs = [...Map.groupBy(conversations, ({ conversationID }) => conversationID)].map(
    ([conversationID, parts]) => ({
      conversationID,
      cursor: user.cursors.find(conversationID),
      seqs: [...new Set(parts.flatMap(({ seqs }) => seqs))].filter((seq) => seq > 0),
    }),
  )
  const pulled = await withinBudget(logs, { budget: maxBytes, maxParallel: MAX_PARALLEL }, async (log, bytes) => {
    if (!log.cursor) return { result: null, cost: 0 }
    const limits = { messages: MAX_PULL, bytes }
    const window = readWindowOf(user.userID, log.cursor)
    const slice = await user.conversation(log.cursor.home).readSeqs(logNameOf(log.cursor), window, log.seqs, limits)
    return { result: slice, cost: sizeOf(slice) }
  })
  return logs.map(({ conversationID, cursor, seqs }, i) => {
    if (!cursor) return { conversationID, msgs: [], isEnd: true, endSeq: 0 }
    const slice = pulled[i]
    if (!slice) return { conversationID, msgs: [], isEnd: false, endSeq: 0 }
    const end = slice.isCut ? { isEnd: false, endSeq: 0 } : endOf(slice, seqs, order)
    return { conversationID, msgs: bytesOf(slice), ...end, descending: (seqs[0] ?? 0) > (seqs.at(-1) ?? 0) }
  })
}

/** The newest message that clients can show, for each given conversation that has one, in order until the budget ends. */
export async function lastMessages(
  user: UserCore,
  conversationIDs: readonly string[],
  maxBytes = MAX_PULL_BYTES,
): Promise<LastMessages> {
  await hideExpired(user)
  const limits = { budget: maxBytes, maxParallel: MAX_PARALLEL }
  const read = await withinBudget([...new Set(conversationIDs)], limits, async (conversationID) => {
    const cursor = user.cursors.find(conversationID)
    if (!cursor || logNameOf(cursor) !== 'chat') return { result: { conversationID, msg: null }, cost: 0 }
    const message = await user.conversation(cursor.home).readLast(readWindowOf(user.userID, cursor))
    return { result: { conversationID, msg: message?.msg ?? null }, cost: message?.msg.length ?? 0 }
  })
  const messages: LastMessages['messages'] = []
  let bytes = 0
  for (const last of read) {
    bytes += last?.msg?.length ?? 0
    if (!last || (bytes > maxBytes && messages.length > 0)) return { messages, isCut: true }
    if (last.msg) messages.push({ conversationID: last.conversationID, msg: last.msg })
  }
  return { messages, isCut: false }
}

function readRanges(user: UserCore, cursor: SeqCursor, ranges: readonly PullRange[], bytes: number): Promise<LogSlice> {
  const log = logNameOf(cursor)
  const messages = log === 'notification' ? MAX_NOTIFICATIONS : MAX_PULL
  const limits: ReadLimits = { messages, bytes }
  const wanted = ranges.map(({ begin, end, num }) => ({ begin, end, limit: log === 'notification' ? messages : num }))
  return user.conversation(cursor.home).readRanges(log, readWindowOf(user.userID, cursor), wanted, limits)
}

/** Where the readable window ends, for a client that asked for seqs outside it. */
function endOf(slice: LogSlice, wanted: number[], order: number): { isEnd: boolean; endSeq: number } {
  if (order === PullOrder.Desc) {
    const isBelow = wanted.some((seq) => seq < slice.lower)
    return { isEnd: isBelow, endSeq: isBelow ? slice.lower : 0 }
  }
  const isAbove = wanted.some((seq) => seq > slice.upper)
  return { isEnd: isAbove, endSeq: isAbove ? slice.upper : 0 }
}

function bytesOf(slice: LogSlice): Uint8Array[] {
  return slice.messages.map((message) => message.msg)
}

function sizeOf(slice: LogSlice): number {
  return slice.messages.reduce((sum, { msg }) => sum + msg.length, 0)
}
