import { isUtf8 } from 'node:buffer'
import { signatureHeaders } from './sign.ts'

/** The longest answer that is read. The largest reply to a before-webhook, a thousand profiles, is smaller. */
const MAX_ANSWER_BYTES = 1_048_576

/** A call to the app server. */
export interface WebhookCall {
  url: string
  operationID: string
  eventID: string
  /** JSON. */
  body: string
  timeoutMs: number
  secret: string
}

export interface Answer {
  status: number
  contentType: string
  body: string
  /** False when bytes of the body are not UTF-8, so that `body` has other characters. */
  isUtf8: boolean
}

/** A call without a usable answer. The sentence never names the address, because clients may see it. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError'
  /** The HTTP status; 0 when the app server did not answer. */
  readonly status: number

  constructor(sentence: string, status = 0) {
    super(sentence)
    this.status = status
  }
}

/**
 * Calls the app server once. Redirects are not followed, so that a webhook goes only to the configured address.
 * @throws WebhookCallError when the answer does not arrive in time, is a redirect, or is too long
 */
export async function postWebhook({
  url,
  operationID,
  eventID,
  body,
  timeoutMs,
  secret,
}: WebhookCall): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        operationID: asHeader(operationID),
        ...signatureHeaders(secret, eventID, body, Date.now()),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { status } = response
    if (status >= 300 && status < 400) {
      await response.body?.cancel()
      throw new WebhookCallError(`it answered ${status}, and redirects are not followed`, status)
    }
    return { status, contentType: response.headers.get('content-type') ?? '', ...(await readText(response)) }
  } catch (error) {
    if (error instanceof WebhookCallError) throw error
    if (isTimeout(error)) throw new WebhookCallError(`it did not answer within ${timeoutMs / 1000} seconds`)
    throw new WebhookCallError('it could not be reached')
  }
}

/** A header holds ASCII only, so other text is percent-encoded; the body carries the operationID unchanged. */
function asHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}

async function readText(response: Response): Promise<Pick<Answer, 'body' | 'isUtf8'>> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    size += next.value.length
    if (size > MAX_ANSWER_BYTES) {
      await reader?.cancel()
      throw new WebhookCallError(`its answer has more than ${MAX_ANSWER_BYTES} bytes`, response.status)
    }
    parts.push(next.value)
  }
  const bytes = Buffer.concat(parts)
  return { body: bytes.toString('utf8'), isUtf8: isUtf8(bytes) }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}
