import { configOf } from '../config/index.ts'
import { WebhookJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { createLog, type Log } from '../platform/observability/log.ts'
import { openDatabase } from '../platform/storage/d1.ts'
import { deliverWebhook } from '../webhook/deliver.ts'
import { keepDeadLetters } from '../webhook/store/dead-letters.ts'
import { recordWebhookDeliveries, type WebhookDeliveryRow } from '../webhook/store/deliveries.ts'
import { readLargeBody, removeLargeBody } from '../webhook/store/large-bodies.ts'
import { operationIDOf } from './operation-id.ts'
import { retryDelay } from './retry-delay.ts'

/** The platform opens at most six connections at a time, so an address that hangs delays only its share of a batch. */
const MAX_PARALLEL = 6

/** The delay before dead letters are stored again, after D1 failed. */
const DEAD_RETRY_SECONDS = 30

/** Delivers after-webhooks to the app server, acknowledges or retries each one by itself, and records the outcomes. */
export async function deliverWebhooks(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const { logLevel, webhookLogSize } = configOf(env)
  const log = createLog(logLevel, { queue: batch.queue })
  const tried = await inParallel(batch.messages, MAX_PARALLEL, (message) => tryMessage(message, env, log))
  if (webhookLogSize === 0) return
  try {
    const rows = tried.filter((row) => row !== null)
    await recordWebhookDeliveries(openDatabase(env.DB), rows, webhookLogSize)
  } catch (error) {
    // The events are delivered or wait for their retry: only the delivery log has a gap.
    log.error('webhook delivery log write failed', error)
  }
}

async function tryMessage(
  message: Message<unknown>,
  env: Bindings,
  log: Log,
): Promise<Omit<WebhookDeliveryRow, 'id'> | null> {
  const { attempts } = message
  const config = configOf(env)
  const retry = () => message.retry({ delaySeconds: retryDelay(config.webhookRetrySeconds, attempts) })
  try {
    const job = WebhookJob.parse(message.body)
    const db = openDatabase(env.DB)
    const body = job.body ?? (await readLargeBody(db, job))
    if (body === null) {
      message.ack()
      return null
    }
    const time = Date.now()
    const { status, error } = await deliverWebhook(config, job, body)
    if (error === '') message.ack()
    else retry()
    // The body is removed last: a message that the queue delivers again finds no body, and is acknowledged.
    if (error === '' && job.body === null) await removeLargeBody(db, job)
    const { eventID, name, operationID, url } = job
    const outcome = { delivered: error === '', status, error, durationMs: Date.now() - time, time }
    if (error !== '') log.warn('webhook delivery failed', { eventID, webhook: name, operationID, attempts, error })
    return { eventID, name, operationID, url, attempt: attempts, ...outcome }
  } catch (error) {
    log.error('webhook job failed', error, { ...idsOf(message), attempts })
    retry()
    return null
  }
}

/** Stores the webhooks that could not be delivered as dead letters, which an administrator can send again. */
export async function keepDeadWebhooks(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const log = createLog(configOf(env).logLevel, { queue: batch.queue })
  const db = openDatabase(env.DB)
  for (const message of batch.messages) {
    const parsed = WebhookJob.safeParse(message.body)
    if (!parsed.success) {
      // The error names the wrong fields only: the body holds user data, which must not be logged.
      log.error('dead letter rejected: not a webhook job', parsed.error, idsOf(message))
      message.ack()
      continue
    }
    try {
      const job = parsed.data
      const body = job.body ?? (await readLargeBody(db, job))
      if (body !== null) await keepDeadLetters(db, [{ ...job, body }], Date.now())
      message.ack()
      if (job.body === null) await removeLargeBody(db, job)
    } catch (error) {
      log.error('dead letter write failed', error, idsOf(message))
      message.retry({ delaySeconds: DEAD_RETRY_SECONDS })
    }
  }
}

function idsOf({ id, body }: Message<unknown>): { operationID: string; messageID: string } {
  return { operationID: operationIDOf(body), messageID: id }
}
