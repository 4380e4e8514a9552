import { z } from 'zod'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { type DirectoryFilter, directoryPage } from '../store.ts'

/*
 * Scans the logs of many conversations for a search or a statistic. One REST call scans a bounded part, which fits into
 * a Worker's limit on object calls and takes one or two seconds. The answer's continuation says where the next call
 * resumes.
 */

export interface ScanLimits {
  /** Conversations that are scanned at the same time. */
  maxParallel: number
  /** Messages that one step scans. The conversation serves no other request during a step. */
  messagesPerStep: number
  /** Steps after which one call stops. */
  maxSteps: number
  /** Scanned messages after which one call stops. */
  maxScanned: number
}

/** Lists at most `limit` conversation IDs in ascending order that follow `after` ("" = from the start). */
export type ConversationSource = (after: string, limit: number) => Promise<string[]>

export function fromList(ids: string[]): ConversationSource {
  ids.sort()
  return async (after, limit) => ids.filter((id) => id > after).slice(0, limit)
}

export function fromDirectory(ctx: Context, filter: DirectoryFilter): ConversationSource {
  return (after, limit) => directoryPage(ctx.db, filter, after, limit)
}

/**
 * Scans at most `limit` messages with seqs lower than `below`, newest first. The answer says how many were scanned and
 * where the next step resumes; `below` 0 = the log has no more messages.
 */
export type ScanStep = (
  conversationID: string,
  below: number,
  limit: number,
) => Promise<{ scanned: number; below: number }>

const DIRECTORY_PAGE = 500
const MAX_PARALLEL = 16
const ABOVE_ALL_SEQS = Number.MAX_SAFE_INTEGER

/** The state of a scan between two calls; the client carries it as the continuation. */
const Position = z.object({
  /** Conversations that are partly scanned. */
  open: z.array(z.object({ id: z.string(), below: z.number() })).max(MAX_PARALLEL),
  /** Index of the current source. */
  place: z.int().min(0),
  /** The last conversation ID that was taken from this source. */
  after: z.string(),
})
type Position = z.output<typeof Position>

/**
 * Scans the logs of all conversations of the sources, each from its newest message down. Each round takes one step in
 * every open log, so that repeating a call scans the same part.
 * @param continuation the value that the previous call returned, or "" to start
 * @returns the continuation for the next call, or null when everything is scanned
 * @throws ImError 1001 when the continuation is not one that an earlier scan returned
 */
export async function scanLogs(
  sources: readonly ConversationSource[],
  continuation: string,
  limits: ScanLimits,
  step: ScanStep,
): Promise<string | null> {
  let { open, place, after } = parseContinuation(continuation)
  let listed: string[] = []
  let [steps, scanned] = [0, 0]
  for (;;) {
    for (let list = sources[place]; list && open.length < limits.maxParallel; list = sources[place]) {
      if (listed.length === 0) listed = await list(after, DIRECTORY_PAGE)
      const opened = listed.splice(0, limits.maxParallel - open.length)
      open = [...open, ...opened.map((id) => ({ id, below: ABOVE_ALL_SEQS }))]
      after = opened.at(-1) ?? ''
      if (opened.length === 0) place++
    }
    if (open.length === 0) return null
    if (steps >= limits.maxSteps || scanned >= limits.maxScanned) return continuationOf({ open, place, after })
    const found = await Promise.all(
      open.map(async ({ id, below }) => ({ id, ...(await step(id, below, limits.messagesPerStep)) })),
    )
    steps += found.length
    scanned += found.reduce((sum, { scanned: rows }) => sum + rows, 0)
    open = found.filter(({ below }) => below > 0).map(({ id, below }) => ({ id, below }))
  }
}

function continuationOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function parseContinuation(continuation: string): Position {
  if (continuation === '') return { open: [], place: 0, after: '' }
  try {
    return Position.parse(JSON.parse(Buffer.from(continuation, 'base64url').toString()))
  } catch {
    throw ImError.args('continuation: it is not a value that an earlier call answered')
  }
}
