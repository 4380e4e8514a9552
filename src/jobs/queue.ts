import { withOverrides } from '../config/overrides.ts'
import type { Bindings } from '../env.ts'
import { flushCountsIfDue } from '../runtime/counters.ts'
import { createJobConsumer } from './job-consumer.ts'
import { runPushJob } from './push-jobs.ts'
import { runTransferJob } from './transfer-jobs.ts'
import { deliverWebhooks, keepDeadWebhooks } from './webhook-jobs.ts'

type Consumer = (batch: MessageBatch<unknown>, env: Bindings) => Promise<void>

/**
 * The consumer of each queue, by the queue's name in wrangler.toml. Every message is acknowledged or retried by itself;
 * a message that keeps failing goes to the dead-letter queue. A vendor may take seconds to answer, so push jobs run in
 * parallel.
 */
const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'openim-edge-transfer': createJobConsumer(1, runTransferJob),
  'openim-edge-push': createJobConsumer(6, runPushJob),
  'openim-edge-webhook': deliverWebhooks,
  'openim-edge-webhook-dead': keepDeadWebhooks,
}

export async function consumeQueue(
  batch: MessageBatch<unknown>,
  env: Bindings,
  execution: ExecutionContext,
): Promise<void> {
  const consumer = Object.hasOwn(CONSUMERS, batch.queue) ? CONSUMERS[batch.queue] : undefined
  if (!consumer) throw new Error(`the queue ${batch.queue} has no consumer`)
  await withOverrides(env, (work) => execution.waitUntil(work))
  await consumer(batch, env)
  await flushCountsIfDue(env)
}
