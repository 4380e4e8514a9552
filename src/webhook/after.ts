import type { Config } from '../config/index.ts'
import type { WebhookJob } from '../contracts/jobs.ts'
import type { Log } from '../platform/observability/log.ts'
import type { Database } from '../platform/storage/d1.ts'
import { type AfterName, WEBHOOKS } from '../protocol/constants/webhook.ts'
import { messageID } from '../runtime/ids.ts'
import { bytesOfJob, MAX_JOB_BYTES, type WebhookQueue } from '../runtime/webhook-queue.ts'
import type { AfterFields } from './commands.ts'
import { keepDeadLetters } from './store/dead-letters.ts'
import { putLargeBody } from './store/large-bodies.ts'

/** The part of a context that sending after-webhooks needs. */
export interface AfterWebhookContext {
  readonly config: Config
  readonly log: Log
  readonly db: Database
  readonly webhooks: WebhookQueue
  now(): number
}

/** The event that an after-webhook reports. */
interface Event<N extends AfterName> {
  operationID: string
  fields: AfterFields[N]
  /** Handle for answering a message; "" for other events. */
  key?: string
  /** Given when the caller may send the event again: the app server recognises a repetition by it. */
  eventID?: string
}

/** The jobs of an event: one per configured address; empty when the webhook is off. */
export function webhookJobsFor<N extends AfterName>(
  { config, now }: Pick<AfterWebhookContext, 'config' | 'now'>,
  name: N,
  { operationID, fields, key = '', eventID = messageID() }: Event<N>,
): WebhookJob[] {
  const hook = config.webhooks[name]
  if (!hook) return []
  const body = JSON.stringify({ callbackCommand: WEBHOOKS[name].command, ...fields })
  const createTime = now()
  return hook.urls.map((url) => ({ eventID, name, operationID, url, key, body, createTime }))
}

/** Notifies the app server of an event. Never fails, because the event has already happened. */
export async function sendAfterWebhook<N extends AfterName>(
  ctx: AfterWebhookContext & { readonly operationID: string },
  name: N,
  fields: AfterFields[N],
): Promise<void> {
  if (!ctx.config.webhooks[name]) return
  await queueWebhookJobs(ctx, webhookJobsFor(ctx, name, { operationID: ctx.operationID, fields }))
}

/**
 * Puts jobs into the queue. When the queue fails, the jobs become dead letters at once, so that an administrator can
 * send them again. When storing the dead letters also fails, the log names the lost events.
 */
export async function queueWebhookJobs(ctx: AfterWebhookContext, jobs: readonly WebhookJob[]): Promise<void> {
  if (jobs.length === 0) return
  try {
    await sendWebhookJobs(ctx, jobs)
  } catch (error) {
    ctx.log.error('webhook enqueue failed', error, { count: jobs.length })
    await keepDeadLetters(ctx.db, jobs, ctx.now()).catch((deadLetterError: unknown) => {
      const events = JSON.stringify(jobs.map(({ eventID, name }) => `${name} ${eventID}`))
      ctx.log.error('dead letter write failed: webhooks lost', deadLetterError, { events })
    })
  }
}

/** Puts jobs into the queue. After an error, some of the jobs may still be in the queue. */
export async function sendWebhookJobs(
  { db, webhooks }: Pick<AfterWebhookContext, 'db' | 'webhooks'>,
  jobs: readonly WebhookJob[],
): Promise<void> {
  const queueable: WebhookJob[] = []
  for (const job of jobs) queueable.push(await storeLargeBody(db, job))
  await webhooks.send(queueable)
}

/** Stores a body that is too large for the queue in D1, and takes it out of the job. */
async function storeLargeBody(db: Database, job: WebhookJob): Promise<WebhookJob> {
  if (job.body === null || bytesOfJob(job) <= MAX_JOB_BYTES) return job
  await putLargeBody(db, job, job.body)
  return { ...job, body: null }
}
