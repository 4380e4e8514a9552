import type { Config } from '../config/index.ts'
import type { WebhookJob } from '../contracts/jobs.ts'
import { postWebhook, WebhookCallError } from './post.ts'

/** Used for a job whose webhook was switched off after the job was enqueued. */
const DEFAULT_TIMEOUT_MS = 5_000

/** The outcome of one try to deliver an after-webhook. */
export interface WebhookDeliveryOutcome {
  /** The HTTP status; 0 when the app server did not answer. */
  status: number
  /** Why the delivery failed; "" when it succeeded. */
  error: string
}

/**
 * Tries to deliver an after-webhook once. OpenIM: ignores the HTTP status. Here an event is delivered only when the
 * status is 2xx and the answer is not a web page, because a web page shows that the address is wrong.
 */
export async function deliverWebhook(config: Config, job: WebhookJob, body: string): Promise<WebhookDeliveryOutcome> {
  const { operationID, eventID, name } = job
  const hooks: Record<string, { timeoutMs: number } | undefined> = config.webhooks
  const timeoutMs = hooks[name]?.timeoutMs ?? DEFAULT_TIMEOUT_MS
  try {
    const call = { url: addressOf(job), operationID, eventID, body, timeoutMs, secret: config.webhookSecret }
    const answer = await postWebhook(call)
    return { status: answer.status, error: failureOf(answer) }
  } catch (error) {
    if (error instanceof WebhookCallError) return { status: error.status, error: error.message }
    throw error
  }
}

function failureOf({ status, contentType, body }: { status: number; contentType: string; body: string }): string {
  if (status < 200 || status >= 300) return `it answered ${status}`
  const isPage = contentType.includes('text/html') || /^\s*<(!doctype|html)/i.test(body)
  return isPage ? 'it answered a web page' : ''
}

function addressOf({ url, key }: WebhookJob): string {
  if (key === '') return url
  const address = new URL(url)
  address.searchParams.set('key', key)
  return address.href
}
