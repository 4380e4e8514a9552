import { cleanFiles } from '../features/file/clean-files.ts'
import { directoryPage } from '../features/message/store.ts'
import { deleteLogsBefore } from '../features/sdk-logs/store.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import type { Context } from '../runtime/context.ts'

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
  const { retainMessagesDays } = ctx.config
  if (retainMessagesDays === 0) return { removed: 0, cursor: null }
  const time = startTime - retainMessagesDays * DAY_MS
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
  const { afterMs, groups } = ctx.config.fileExpiry
  if (!groups.includes(SDK_LOG)) return { removed: 0, cursor: null }
  const removed = await deleteLogsBefore(ctx.db, startTime - afterMs, LOGS_PER_STEP)
  return { removed, cursor: removed < LOGS_PER_STEP ? null : cursor }
}

/** Uploads that were never completed, names that are too old, and contents that nothing names any more. */
export async function clearExpiredFiles(ctx: Context, _startTime: number, cursor: string): Promise<Step> {
  const { uploads, names, contents, more } = await cleanFiles(ctx)
  ctx.log.info('files were cleaned', { uploads, names, contents })
  return { removed: uploads + names + contents, cursor: more ? cursor : null }
}
