import { z } from 'zod'
import { configOf } from '../config/index.ts'
import { RetryLater } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { Pace } from '../platform/concurrency/pace.ts'
import { createLog } from '../platform/observability/log.ts'
import { traced } from '../platform/observability/trace.ts'
import { AfterReply } from '../runtime/after-reply.ts'
import { type Context, createContext } from '../runtime/context.ts'
import { count } from '../runtime/counters.ts'
import { operationIDOf } from './operation-id.ts'
import { retryDelay } from './retry-delay.ts'

const FIRST_RETRY_SECONDS = 2

/** Runs one job; throws when the queue should deliver its message again. */
export type RunJob = (ctx: Context, env: Bindings, body: unknown) => Promise<void>

/** The fields of every job: its kind, and the operationID that connects its log lines. */
const Traced = z.object({ kind: z.string(), operationID: z.string() })

/** Creates a consumer that runs the jobs of a batch, at most `maxParallel` at the same time. */
export function createJobConsumer(maxParallel: number, run: RunJob) {
  return async (batch: MessageBatch<unknown>, env: Bindings): Promise<void> => {
    const log = createLog(configOf(env).logLevel, { queue: batch.queue })
    const pace = new Pace(maxParallel)
    const handle = async (message: Message<unknown>) => {
      try {
        await runTraced(run, message.body, env)
        message.ack()
        count('openim_jobs_total', { queue: batch.queue, outcome: 'done' })
      } catch (error) {
        const { id: messageID, attempts } = message
        log.error('job failed', error, { operationID: operationIDOf(message.body), messageID, attempts })
        count('openim_jobs_total', { queue: batch.queue, outcome: 'failed' })
        message.retry({ delaySeconds: delayOf(error, attempts) })
      }
    }
    await Promise.all(batch.messages.map((message) => pace.run(() => handle(message))))
  }
}

function delayOf(error: unknown, attempts: number): number {
  const requested = error instanceof RetryLater ? error.delaySeconds : null
  return requested ?? retryDelay(FIRST_RETRY_SECONDS, attempts)
}

function runTraced(run: RunJob, body: unknown, env: Bindings): Promise<void> {
  const { kind, operationID } = Traced.parse(body)
  return traced(`job ${kind}`, { operationID }, async () => {
    const afterReply = new AfterReply()
    const ctx = createContext(env, operationID, afterReply)
    await run(ctx, env, body)
    await afterReply.run(ctx.log)
  })
}
