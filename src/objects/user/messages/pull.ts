import type { LogSlice } from '../../../contracts/messages.ts'
import type { PulledLog, PullRange } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { hideExpired } from '../conversations/self-destruct.ts'
import { logNameOf, readWindowOf, type SeqCursor } from '../state/seq-cursors.ts'
import type { UserCore } from '../user-core.ts'

/** OpenIM: the order of a pull decides only which end of the log `isEnd` refers to. */
const PullOrder = { Asc: 0, Desc: 1 } as const

/** Maximum number of messages per conversation, cut to the newest. Clients request at most 50 at a time. */
const MAX_PULL = 1_000
/** Clients process every notification that they missed, so `num` does not limit notifications. */
const MAX_NOTIFICATIONS = 10_000
/** Maximum number of conversations that are asked at the same time. */
const MAX_PARALLEL = 32

/** The newest `num` messages of each range, ascending. Ranges without a readable message are left out. */
export async function pullRanges(user: UserCore, ranges: readonly PullRange[], order: number): Promise<PulledLog[]> {
  await hideExpired(user)
  const pulled = await Promise.all(
    ranges.map(async ({ conversationID, begin, end, num }) => {
      const cursor = user.cursors.find(conversationID)
      if (!cursor || end < begin) return null
      const slice = await readRange(user, cursor, begin, end, num)
      if (slice.messages.length === 0) return null
      const isEnd = order === PullOrder.Asc ? slice.upper <= end : begin <= slice.lower
      return { conversationID, msgs: bytesOf(slice), isEnd, endSeq: 0 }
    }),
  )
  return pulled.filter((log) => log !== null)
}

/** Messages by seq. The answer has every requested conversation, with an empty list where no message was found. */
export async function pullSeqs(
  user: UserCore,
  conversations: readonly { conversationID: string; seqs: number[] }[],
  order: number,
): Promise<PulledLog[]> {
  await hideExpired(user)
  return Promise.all(
    conversations.map(async ({ conversationID, seqs }) => {
      const cursor = user.cursors.find(conversationID)
      if (!cursor) return { conversationID, msgs: [], isEnd: true, endSeq: 0 }
      const wanted = seqs.filter((seq) => seq > 0).slice(0, MAX_PULL)
      const window = readWindowOf(user.userID, cursor)
      const slice = await user.conversation(cursor.home).readSeqs(logNameOf(cursor), window, wanted)
      return { conversationID, msgs: bytesOf(slice), ...endOf(slice, wanted, order) }
    }),
  )
}

/** The newest message that clients can show, for each given conversation that has one. */
export async function lastMessages(
  user: UserCore,
  conversationIDs: readonly string[],
): Promise<{ conversationID: string; msg: Uint8Array }[]> {
  await hideExpired(user)
  const last = await inParallel(conversationIDs, MAX_PARALLEL, async (conversationID) => {
    const cursor = user.cursors.find(conversationID)
    if (!cursor || logNameOf(cursor) !== 'chat') return null
    const message = await user.conversation(cursor.home).readLast(readWindowOf(user.userID, cursor))
    return message ? { conversationID, msg: message.msg } : null
  })
  return last.filter((message) => message !== null)
}

function readRange(user: UserCore, cursor: SeqCursor, begin: number, end: number, num: number): Promise<LogSlice> {
  const log = logNameOf(cursor)
  const limit = log === 'notification' ? MAX_NOTIFICATIONS : Math.min(num, MAX_PULL)
  return user.conversation(cursor.home).readRange(log, readWindowOf(user.userID, cursor), begin, end, limit)
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
