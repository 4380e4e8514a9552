import { cleanFiles } from '../features/file/clean-files.ts'
import { directoryPage } from '../features/message/store.ts'
import { deleteLogsBefore } from '../features/sdk-logs/store.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { DAY_MS } from '../platform/durations.ts'
import type { Context } from '../runtime/context.ts'

/** The limits of one step: conversations, conversations in parallel, and calls to each conversation. */
const MAX_CONVERSATIONS = 160
const MAX_PARALLEL = 16
const MAX_CALLS = 20
/** Messages that one call erases: during a call the conversation answers no other request. */
const MESSAGES_PER_CALL = 2_000

const LOGS_PER_STEP = 5_000

/** Kind of files under which SDKs upload their logs. */
const SDK_LOG = 'sdklog'

interface Step {
  removed: number
  cursor: string | null
}

/** Erases the messages that are older than the retention time, in every conversation of the directory. */
export async function clearExpiredMessages(ctx: Context, startTime: number, cursor: string): Promise<Step> {
  const { retainMessagesDays } = ctx.config
  if (retainMessagesDays === 0) return { removed: 0, cursor: null }
  const time = startTime - retainMessagesDays * DAY_MS
  const ids = await directoryPage(ctx.db, { prefix: '', userID: '' }, cursor, MAX_CONVERSATIONS)
  const results = await inParallel(ids, MAX_PARALLEL, (id) => eraseSome(ctx, id, time))
  const removed = results.reduce((sum, result) => sum + result.removed, 0)
  const unfinished = results.findIndex((result) => !result.done)
  // The cursor names the last conversation before the first unfinished one: the next step begins after it.
  if (unfinished >= 0) return { removed, cursor: ids[unfinished - 1] ?? cursor }
  return { removed, cursor: ids.length < MAX_CONVERSATIONS ? null : (ids.at(-1) ?? null) }
}

/** A conversation that fails is left for the next night, so that it does not block the others. */
async function eraseSome(
  ctx: Context,
  conversationID: string,
  time: number,
): Promise<{ removed: number; done: boolean }> {
  let removed = 0
  try {
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      const erased = await ctx.conversation(conversationID).eraseBefore(time, MESSAGES_PER_CALL)
      removed += erased
      if (erased < MESSAGES_PER_CALL) return { removed, done: true }
    }
    return { removed, done: false }
  } catch (error) {
    ctx.log.error('conversation cleaning failed', error, { conversationID })
    return { removed, done: true }
  }
}

/** Deletes the entries of the SDKs' logs that are older than the expiry of files. */
export async function clearExpiredLogs(ctx: Context, startTime: number, cursor: string): Promise<Step> {
  const { afterMs, groups } = ctx.config.fileExpiry
  if (!groups.includes(SDK_LOG)) return { removed: 0, cursor: null }
  const removed = await deleteLogsBefore(ctx.db, startTime - afterMs, LOGS_PER_STEP)
  return { removed, cursor: removed < LOGS_PER_STEP ? null : cursor }
}

/** Deletes uploads that were never completed, file names that are too old, and contents without a file name. */
export async function clearExpiredFiles(ctx: Context, _startTime: number, cursor: string): Promise<Step> {
  const { uploads, names, contents, more } = await cleanFiles(ctx)
  ctx.log.info('file cleaning done', { uploads, names, contents })
  return { removed: uploads + names + contents, cursor: more ? cursor : null }
}
