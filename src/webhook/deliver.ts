import type { Config } from '../config/index.ts'
import type { WebhookJob } from '../contracts/jobs.ts'
import { WebhookCallError, postWebhook } from './post.ts'

/** For a job whose webhook was switched off since. */
const DEFAULT_TIMEOUT_MS = 5_000

/** How a delivery ended. */
export interface Delivered {
  /** The HTTP status; 0 when there was no answer. */
  status: number
  /** What went wrong; "" when nothing did. */
  error: string
}

/**
 * Tries to deliver an event. OpenIM does not look at the status; here an event counts as delivered only with one of
 * success, and not with a web page, which is the mark of an address that leads elsewhere.
 */
export async function deliverWebhook(config: Config, job: WebhookJob, body: string): Promise<Delivered> {
  const { operationID, eventID, name } = job
  const hooks: Record<string, { timeoutMs: number } | undefined> = config.webhooks
  const timeoutMs = hooks[name]?.timeoutMs ?? DEFAULT_TIMEOUT_MS
  try {
    const call = { url: addressOf(job), operationID, eventID, body, timeoutMs, secret: config.webhookSecret }
    const answer = await postWebhook(call)
    return { status: answer.status, error: objectionTo(answer) }
  } catch (error) {
    if (error instanceof WebhookCallError) return { status: error.status, error: error.message }
    throw error
  }
}

function objectionTo({ status, contentType, body }: { status: number; contentType: string; body: string }): string {
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
