import { directoryPage } from '../features/message/store.ts'
import { deleteLogsBefore } from '../features/third/logs/store.ts'
import type { Context } from '../platform/context.ts'
import { inParallel } from '../platform/parallel.ts'

const DAY_MS = 86_400_000

/** What one step does at most: so many conversations, so many at a time, and so many calls of each. */
const CONVERSATIONS = 160
const AT_ONCE = 16
const CALLS = 20
/** What one call erases: the conversation serves nobody else meanwhile. */
const MESSAGES_PER_CALL = 2_000

const LOGS_PER_STEP = 5_000

/** Kind of files under which SDKs upload their logs. */
const SDK_LOG = 'sdklog'

interface Step {
  removed: number
  cursor: string | null
}

/** Messages that were stored longer ago than they are to be kept, in every conversation of the directory. */
export async function clearExpiredMessages(ctx: Context, startTime: number, cursor: string): Promise<Step> {
  const { messageDays } = ctx.config.retention
  if (messageDays === 0) return { removed: 0, cursor: null }
  const time = startTime - messageDays * DAY_MS
  const ids = await directoryPage(ctx.db, { prefix: '', userID: '' }, cursor, CONVERSATIONS)
  const results = await inParallel(ids, AT_ONCE, (id) => eraseSome(ctx, id, time))
  const removed = results.reduce((sum, result) => sum + result.removed, 0)
  const unfinished = results.findIndex((result) => !result.done)
  // The cursor names the last conversation that is finished: the next step begins behind it.
  if (unfinished >= 0) return { removed, cursor: ids[unfinished - 1] ?? cursor }
  return { removed, cursor: ids.length < CONVERSATIONS ? null : (ids.at(-1) ?? null) }
}

/** A conversation that fails is left for the next night: it must not keep the others from their turn. */
async function eraseSome(
  ctx: Context,
  conversationID: string,
  time: number,
): Promise<{ removed: number; done: boolean }> {
  let removed = 0
  try {
    for (let calls = 0; calls < CALLS; calls++) {
      const erased = await ctx.conversation(conversationID).eraseBefore(time, MESSAGES_PER_CALL)
      removed += erased
      if (erased < MESSAGES_PER_CALL) return { removed, done: true }
    }
    return { removed, done: false }
  } catch (error) {
    ctx.log.error('a conversation could not be cleaned', error, { conversationID })
    return { removed, done: true }
  }
}

/** Logs of SDKs, which go together with their files. */
export async function clearExpiredLogs(ctx: Context, startTime: number, cursor: string): Promise<Step> {
  const { fileDays, objectTypes } = ctx.config.retention
  if (fileDays === 0 || !objectTypes.has(SDK_LOG)) return { removed: 0, cursor: null }
  const removed = await deleteLogsBefore(ctx.db, startTime - fileDays * DAY_MS, LOGS_PER_STEP)
  return { removed, cursor: removed < LOGS_PER_STEP ? null : cursor }
}
