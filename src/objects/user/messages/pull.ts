import type { LogSlice } from '../../../contracts/messages.ts'
import type { PulledLog, PullRange } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { type LogCursor, windowOf } from '../state/log-cursors.ts'
import type { UserCore } from '../user-core.ts'
import { logOf } from './sync.ts'

/** OpenIM's order of a pull: only decides what `isEnd` speaks of. */
const PullOrder = { Asc: 0, Desc: 1 } as const

/** The clients ask for at most 50 messages at once; more than this in one request is cut to the newest. */
const MAX_PULL = 1_000
/** Clients work through every notification they missed, so those are not cut to what a range asks for. */
const MAX_NOTIFICATIONS = 10_000
/** How many conversations are asked at the same time. */
const MAX_PARALLEL = 32

/** Messages of ranges: at most the newest `num` of each, ascending. A range that the user may not read is left out. */
export async function pullRanges(user: UserCore, ranges: readonly PullRange[], order: number): Promise<PulledLog[]> {
  const pulled = await Promise.all(
    ranges.map(async ({ conversationID, begin, end, num }) => {
      const mark = user.cursors.find(conversationID)
      if (!mark || end < begin) return null
      const slice = await readRange(user, mark, begin, end, num)
      if (slice.messages.length === 0) return null
      const isEnd = order === PullOrder.Asc ? slice.upper <= end : begin <= slice.lower
      return { conversationID, msgs: bytesOf(slice), isEnd, endSeq: 0 }
    }),
  )
  return pulled.filter((log) => log !== null)
}

/** Messages by seq. Every conversation that was asked for is answered, even with nothing. */
export function pullSeqs(
  user: UserCore,
  conversations: readonly { conversationID: string; seqs: number[] }[],
  order: number,
): Promise<PulledLog[]> {
  return Promise.all(
    conversations.map(async ({ conversationID, seqs }) => {
      const mark = user.cursors.find(conversationID)
      if (!mark) return { conversationID, msgs: [], isEnd: true, endSeq: 0 }
      const wanted = seqs.filter((seq) => seq > 0).slice(0, MAX_PULL)
      const slice = await user.conversation(mark.home).readSeqs(logOf(mark), windowOf(user.userID, mark), wanted)
      return { conversationID, msgs: bytesOf(slice), ...endOf(slice, wanted, order) }
    }),
  )
}

/** The newest showable message of each conversation that has one. */
export async function lastMessages(
  user: UserCore,
  conversationIDs: readonly string[],
): Promise<{ conversationID: string; msg: Uint8Array }[]> {
  const last = await inParallel(conversationIDs, MAX_PARALLEL, async (conversationID) => {
    const mark = user.cursors.find(conversationID)
    if (!mark || logOf(mark) !== 'chat') return null
    const message = await user.conversation(mark.home).readLast(windowOf(user.userID, mark))
    return message ? { conversationID, msg: message.msg } : null
  })
  return last.filter((message) => message !== null)
}

function readRange(user: UserCore, mark: LogCursor, begin: number, end: number, num: number): Promise<LogSlice> {
  const log = logOf(mark)
  const limit = log === 'notification' ? MAX_NOTIFICATIONS : Math.min(num, MAX_PULL)
  return user.conversation(mark.home).readRange(log, windowOf(user.userID, mark), begin, end, limit)
}

/** Tells a client that asked beyond the readable window where it ends. */
function endOf(slice: LogSlice, wanted: number[], order: number): { isEnd: boolean; endSeq: number } {
  if (order === PullOrder.Desc) {
    const below = wanted.some((seq) => seq < slice.lower)
    return { isEnd: below, endSeq: below ? slice.lower : 0 }
  }
  const above = wanted.some((seq) => seq > slice.upper)
  return { isEnd: above, endSeq: above ? slice.upper : 0 }
}

function bytesOf(slice: LogSlice): Uint8Array[] {
  return slice.messages.map((message) => message.msg)
}
