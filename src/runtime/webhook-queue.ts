import type { WebhookJob } from '../contracts/jobs.ts'
import { inBatches } from '../platform/concurrency/batches.ts'
import { BatchingQueue } from '../platform/concurrency/batching-queue.ts'

/** What the platform takes at once: 100 messages and 256 KB together, of at most 128 KB each, its own part included. */
const MAX_MESSAGES = 100
const MAX_BATCH_BYTES = 240_000
export const MAX_JOB_BYTES = 120_000
/** The platform's own part of each message. */
const OVERHEAD_BYTES = 120

/** What the lane hands over together. */
const MAX_GROUPS = 1_000

const MAX_TRIES = 3
const FIRST_PAUSE_MS = 100

/** The way into the `webhook` queue. What comes while a call to it is under way goes together in the next one. */
export class WebhookQueue {
  readonly #lane: BatchingQueue<readonly WebhookJob[], void>

  constructor(queue: Queue) {
    this.#lane = new BatchingQueue(async (groups) => {
      const limits = { maxItems: MAX_MESSAGES, maxBytes: MAX_BATCH_BYTES }
      for (const batch of inBatches(groups.flat(), bytesOfJob, limits)) await sendBatch(queue, batch)
      return groups.map(() => undefined)
    }, MAX_GROUPS)
  }

  /** Fails when the queue does not take them, after some tries; some of them may be in it nevertheless. */
  send(jobs: readonly WebhookJob[]): Promise<void> {
    return this.#lane.push(jobs)
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
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** tries * (0.5 + Math.random())))
    }
  }
}
