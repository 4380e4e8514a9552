import { withOverrides } from '../config/overrides.ts'
import type { TransferJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { annotateTrace } from '../platform/observability/trace.ts'
import { type Context, createContext } from '../runtime/context.ts'
import { count } from '../runtime/counters.ts'
import { clearExpiredFiles, clearExpiredLogs, clearExpiredMessages } from './cleaning-steps.ts'

/** One step of a cleaning: short enough for one queue job, and idempotent, so that a retry is harmless. */
export type CleaningStep = (
  ctx: Context,
  /** When the cleaning began (ms): ages are computed from this time. */
  startTime: number,
  /** The cursor that the previous step returned; "" for the first step. */
  cursor: string,
) => Promise<{ removed: number /** Null after the last step. */; cursor: string | null }>

/** The tasks of the nightly cleaning. A feature that stores data with an expiry adds a row. */
export const CLEANING: Readonly<Record<string, CleaningStep>> = {
  messages: clearExpiredMessages,
  'sdk-logs': clearExpiredLogs,
  files: clearExpiredFiles,
}

type CleaningJob = Extract<TransferJob, { kind: 'clean' }>

/** Runs on the cron trigger: every task starts as a job of the `transfer` queue, and each job enqueues the next one. */
export async function startCleaning(
  { scheduledTime }: ScheduledController,
  env: Bindings,
  execution: ExecutionContext,
): Promise<void> {
  await withOverrides(env, (work) => execution.waitUntil(work))
  const operationID = `cron_${scheduledTime}`
  annotateTrace({ operationID })
  const ctx = createContext(env, operationID)
  for (const task of Object.keys(CLEANING)) {
    await ctx.enqueue({ kind: 'clean', operationID, task, startTime: scheduledTime, cursor: '', removed: 0 })
  }
  ctx.log.info('cleaning started', { tasks: Object.keys(CLEANING).join(' ') })
}

/** Runs one step and enqueues the next one as another job. A task that this version does not know ends here. */
export async function clean(ctx: Context, job: CleaningJob): Promise<void> {
  const step = Object.hasOwn(CLEANING, job.task) ? CLEANING[job.task] : undefined
  if (!step) return
  const { removed, cursor } = await step(ctx, job.startTime, job.cursor)
  count('openim_cleaned_total', { task: job.task }, removed)
  const total = job.removed + removed
  if (cursor === null) ctx.log.info('cleaning done', { task: job.task, removed: total })
  else await ctx.enqueue({ ...job, cursor, removed: total })
}
