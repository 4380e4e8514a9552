import { configOf } from '../config/index.ts'
import { WebhookJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { createLog, type Log } from '../platform/observability/log.ts'
import { openDatabase } from '../platform/storage/d1.ts'
import { deliverWebhook } from '../webhook/deliver.ts'
import { keepDeadLetters } from '../webhook/store/dead-letters.ts'
import { type WebhookDeliveryRow, recordWebhookDeliveries } from '../webhook/store/deliveries.ts'
import { removeLargeBody, largeBody } from '../webhook/store/large-bodies.ts'
import { operationIDOf } from './operation-id.ts'
import { retryDelay } from './retry-delay.ts'

/** The platform opens six connections at a time; one address that hangs holds up no more than its own share of a batch. */
const MAX_PARALLEL = 6

/** When D1 does not take the dead letters. */
const DEAD_RETRY_SECONDS = 30

/** Brings events to the app's server, each acknowledged or retried by itself, and writes down how it went. */
export async function deliverWebhooks(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const { logLevel, webhookLogSize } = configOf(env)
  const log = createLog(logLevel, { queue: batch.queue })
  const tried = await inParallel(batch.messages, MAX_PARALLEL, (message) => tryMessage(message, env, log))
  if (webhookLogSize === 0) return
  try {
    const rows = tried.filter((row) => row !== null)
    await recordWebhookDeliveries(openDatabase(env.DB), rows, webhookLogSize)
  } catch (error) {
    // The events are delivered or wait for their next try: only the log has a gap.
    log.error('deliveries could not be written down', error)
  }
}

async function tryMessage(message: Message<unknown>, env: Bindings, log: Log): Promise<Omit<WebhookDeliveryRow, 'id'> | null> {
  const { attempts } = message
  const config = configOf(env)
  const retry = () => message.retry({ delaySeconds: retryDelay(config.webhookRetrySeconds, attempts) })
  try {
    const job = WebhookJob.parse(message.body)
    const db = openDatabase(env.DB)
    const body = job.body ?? (await largeBody(db, job))
    if (body === null) {
      message.ack()
      return null
    }
    const time = Date.now()
    const { status, error } = await deliverWebhook(config, job, body)
    if (error === '') message.ack()
    else retry()
    // After the acknowledgement: a message that comes again finds that it was done.
    if (error === '' && job.body === null) await removeLargeBody(db, job)
    const { eventID, name, operationID, url } = job
    const outcome = { delivered: error === '', status, error, durationMs: Date.now() - time, time }
    if (error !== '') log.warn('a webhook was not delivered', { eventID, webhook: name, operationID, attempts, error })
    return { eventID, name, operationID, url, attempt: attempts, ...outcome }
  } catch (error) {
    log.error('a webhook job failed', error, { ...namesOf(message), attempts })
    retry()
    return null
  }
}

/** Keeps what no try could deliver, for an administrator to send again. */
export async function keepDeadWebhooks(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const log = createLog(configOf(env).logLevel, { queue: batch.queue })
  const db = openDatabase(env.DB)
  for (const message of batch.messages) {
    const parsed = WebhookJob.safeParse(message.body)
    if (!parsed.success) {
      // What the body holds is the app's own: the error names the fields that are wrong.
      log.error('a dead webhook is not one', parsed.error, namesOf(message))
      message.ack()
      continue
    }
    try {
      const job = parsed.data
      const body = job.body ?? (await largeBody(db, job))
      if (body !== null) await keepDeadLetters(db, [{ ...job, body }], Date.now())
      message.ack()
      if (job.body === null) await removeLargeBody(db, job)
    } catch (error) {
      log.error('a dead webhook could not be kept', error, namesOf(message))
      message.retry({ delaySeconds: DEAD_RETRY_SECONDS })
    }
  }
}

function namesOf({ id, body }: Message<unknown>): { operationID: string; messageID: string } {
  return { operationID: operationIDOf(body), messageID: id }
}
