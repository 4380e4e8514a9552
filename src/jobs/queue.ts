import type { Bindings } from '../env.ts'
import { runTransferJobs } from './transfer.ts'
import { deliverWebhooks, keepDeadWebhooks } from './webhook-after.ts'

type Consumer = (batch: MessageBatch<unknown>, env: Bindings) => Promise<void>

/** Who works through which queue. Every message is acknowledged or retried by itself; what keeps failing goes to the dead letters. */
const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'openim-edge-transfer': runTransferJobs,
  'openim-edge-webhook': deliverWebhooks,
  'openim-edge-webhook-dead': keepDeadWebhooks,
}

export async function consumeQueue(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const consumer = Object.hasOwn(CONSUMERS, batch.queue) ? CONSUMERS[batch.queue] : undefined
  if (!consumer) throw new Error(`nobody works through the queue ${batch.queue}`)
  await consumer(batch, env)
}
