import { z } from 'zod'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { type DirectoryFilter, directoryPage } from '../store.ts'

/*
 * The way through the logs of many conversations. One call goes a bounded part of it: what fits into a Worker's limits
 * on calls, and into a second or two.
 */

export interface WalkLimits {
  /** So many conversations are looked through at the same time. */
  atOnce: number
  /** So many messages at a time: the conversation serves nobody else meanwhile. */
  messagesPerStep: number
  /** Where one call stops. */
  steps: number
  scanned: number
}

/** Conversations, in an order of their own: so many at most, behind the one named ("" = from the start). */
export type Place = (after: string, limit: number) => Promise<string[]>

export function inList(ids: string[]): Place {
  ids.sort()
  return async (after, limit) => ids.filter((id) => id > after).slice(0, limit)
}

export function inDirectory(ctx: Context, filter: DirectoryFilter): Place {
  return (after, limit) => directoryPage(ctx.db, filter, after, limit)
}

/** Looks through the newest messages below a seq; answers how many those were, and below which seq it goes on. */
export type Step = (conversationID: string, below: number, limit: number) => Promise<{ scanned: number; below: number }>

const DIRECTORY_PAGE = 500
const MAX_AT_ONCE = 16
const TOP = Number.MAX_SAFE_INTEGER

/** How far a walk has come: the conversations it is in, and where the others are. */
const Position = z.object({
  open: z.array(z.object({ id: z.string(), below: z.number() })).max(MAX_AT_ONCE),
  place: z.int().min(0),
  after: z.string(),
})
type Position = z.output<typeof Position>

/**
 * Down the logs of the conversations, some at a time. Each round takes one step in every open log, so that the same
 * call always walks the same part.
 * @param continuation what the call before has answered, or "" for the start
 * @returns where the next call goes on, or null at the end
 * @throws ImError 1001 for a continuation that is not what an earlier walk answered
 */
export async function walk(
  places: readonly Place[],
  continuation: string,
  limits: WalkLimits,
  step: Step,
): Promise<string | null> {
  let { open, place, after } = positionOf(continuation)
  let known: string[] = []
  let [steps, scanned] = [0, 0]
  for (;;) {
    for (let next = places[place]; next && open.length < limits.atOnce; next = places[place]) {
      if (known.length === 0) known = await next(after, DIRECTORY_PAGE)
      const begun = known.splice(0, limits.atOnce - open.length)
      open = [...open, ...begun.map((id) => ({ id, below: TOP }))]
      after = begun.at(-1) ?? ''
      if (begun.length === 0) place++
    }
    if (open.length === 0) return null
    if (steps >= limits.steps || scanned >= limits.scanned) return continuationOf({ open, place, after })
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

function positionOf(continuation: string): Position {
  if (continuation === '') return { open: [], place: 0, after: '' }
  try {
    return Position.parse(JSON.parse(Buffer.from(continuation, 'base64url').toString()))
  } catch {
    throw ImError.args('continuation: it is not the one of an earlier call')
  }
}
