import { withOverrides } from '../config/overrides.ts'
import type { TransferJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { annotateTrace } from '../platform/observability/trace.ts'
import { type Context, createContext } from '../runtime/context.ts'
import { count } from '../runtime/counters.ts'
import { clearExpiredFiles, clearExpiredLogs, clearExpiredMessages } from './cleaning-steps.ts'

/** A stretch of a cleaning: short enough for one job of a queue, and harmless when it is done again. */
export type CleaningStep = (
  ctx: Context,
  /** When the cleaning began (ms): the age of things counts from here. */
  startTime: number,
  /** What the step before has answered; "" for the first one. */
  cursor: string,
) => Promise<{ removed: number /** Null at the end. */; cursor: string | null }>

/** What is cleaned every night. Whoever keeps something that gets old adds a row. */
export const CLEANING: Readonly<Record<string, CleaningStep>> = {
  messages: clearExpiredMessages,
  'sdk-logs': clearExpiredLogs,
  files: clearExpiredFiles,
}

type CleaningJob = Extract<TransferJob, { kind: 'clean' }>

/** The cron trigger: every cleaning starts as a job of the `transfer` queue, and goes on from job to job. */
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
  ctx.log.info('the cleaning begins', { tasks: Object.keys(CLEANING).join(' ') })
}

/** One step; the next one is another job. A task that this version does not know any more is at its end. */
export async function clean(ctx: Context, job: CleaningJob): Promise<void> {
  const step = Object.hasOwn(CLEANING, job.task) ? CLEANING[job.task] : undefined
  if (!step) return
  const { removed, cursor } = await step(ctx, job.startTime, job.cursor)
  count('openim_cleaned_total', { task: job.task }, removed)
  const total = job.removed + removed
  if (cursor === null) ctx.log.info('a cleaning is done', { task: job.task, removed: total })
  else await ctx.enqueue({ ...job, cursor, removed: total })
}
