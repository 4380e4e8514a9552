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

/** What telling the app stands on; every context is one. */
export interface AfterWebhookContext {
  readonly config: Config
  readonly log: Log
  readonly db: Database
  readonly webhooks: WebhookQueue
  now(): number
}

/** Something that happened. */
interface Event<N extends AfterName> {
  operationID: string
  fields: AfterFields[N]
  /** Handle for answering a message; "" for events that are none. */
  key?: string
  /** Of an event that may be told again: the same each time. */
  eventID?: string
}

/** Whom an event goes to: one job for each address. None when the webhook is off. */
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

/** Tells the app of something that has happened. Never fails: what happened has happened. */
export async function sendAfterWebhook<N extends AfterName>(
  ctx: AfterWebhookContext & { readonly operationID: string },
  name: N,
  fields: AfterFields[N],
): Promise<void> {
  if (!ctx.config.webhooks[name]) return
  await queueWebhookJobs(ctx, webhookJobsFor(ctx, name, { operationID: ctx.operationID, fields }))
}

/**
 * Puts jobs into the queue. When the queue does not take them they become dead letters at once, from where they can be
 * sent again; when that fails too they are in the log.
 */
export async function queueWebhookJobs(ctx: AfterWebhookContext, jobs: readonly WebhookJob[]): Promise<void> {
  if (jobs.length === 0) return
  try {
    await sendWebhookJobs(ctx, jobs)
  } catch (error) {
    ctx.log.error('webhooks could not be queued and become dead letters', error, { count: jobs.length })
    await keepDeadLetters(ctx.db, jobs, ctx.now()).catch((worse: unknown) => {
      const events = JSON.stringify(jobs.map(({ eventID, name }) => `${name} ${eventID}`))
      ctx.log.error('webhooks are lost', worse, { events })
    })
  }
}

/** Puts jobs into the queue, or fails: some of them may be in it nevertheless. */
export async function sendWebhookJobs(
  { db, webhooks }: Pick<AfterWebhookContext, 'db' | 'webhooks'>,
  jobs: readonly WebhookJob[],
): Promise<void> {
  const fitting: WebhookJob[] = []
  for (const job of jobs) fitting.push(await fitted(db, job))
  await webhooks.send(fitting)
}

/** A body that the queue cannot hold waits in D1. */
async function fitted(db: Database, job: WebhookJob): Promise<WebhookJob> {
  if (job.body === null || bytesOfJob(job) <= MAX_JOB_BYTES) return job
  await putLargeBody(db, job, job.body)
  return { ...job, body: null }
}
