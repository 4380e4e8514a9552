import type { WebhookJob } from '../contracts/jobs.ts'
import { backoffMs, sleep } from '../platform/concurrency/backoff.ts'
import { inBatches } from '../platform/concurrency/batches.ts'
import { BatchingQueue } from '../platform/concurrency/batching-queue.ts'

/** Cloudflare accepts 100 messages and 256 KB per batch, and 128 KB per message, including its own overhead. */
const MAX_MESSAGES = 100
const MAX_BATCH_BYTES = 240_000
export const MAX_JOB_BYTES = 120_000
/** Cloudflare's overhead per message. */
const OVERHEAD_BYTES = 120

/** Calls of `send` whose jobs are sent together. */
const MAX_CALLS = 1_000

const MAX_TRIES = 3
const FIRST_PAUSE_MS = 200

/** Sends jobs to the `webhook` queue, one call at a time. Jobs that arrive during a call are sent in the next one. */
export class WebhookQueue {
  readonly #pending: BatchingQueue<readonly WebhookJob[], void>

  constructor(queue: Queue) {
    this.#pending = new BatchingQueue(async (groups) => {
      const limits = { maxItems: MAX_MESSAGES, maxBytes: MAX_BATCH_BYTES }
      for (const batch of inBatches(groups.flat(), bytesOfJob, limits)) await sendBatch(queue, batch)
      return groups.map(() => undefined)
    }, MAX_CALLS)
  }

  /** Rejects when the queue refuses the jobs three times; some of the jobs may be in the queue nevertheless. */
  send(jobs: readonly WebhookJob[]): Promise<void> {
    return this.#pending.push(jobs)
  }
}

export function bytesOfJob(job: WebhookJob): number {
  return Buffer.byteLength(JSON.stringify(job)) + OVERHEAD_BYTES
}

async function sendBatch(queue: Queue, batch: readonly WebhookJob[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await queue.sendBatch(batch.map((body) => ({ body })))
      return
    } catch (error) {
      if (tries === MAX_TRIES) throw error
      await sleep(backoffMs(tries, { firstMs: FIRST_PAUSE_MS }))
    }
  }
}
