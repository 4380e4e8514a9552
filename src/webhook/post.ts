import { signatureHeaders } from './sign.ts'

/** The longest answer that is read. A thousand profiles, which a before-hook may answer, are less. */
const MAX_ANSWER_BYTES = 1_048_576

/** A call to the app's server. */
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
}

/** A call that got no usable answer. The sentence never names the address: clients may be shown it. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError'
  /** 0 when there was no answer at all. */
  readonly status: number

  constructor(sentence: string, status = 0) {
    super(sentence)
    this.status = status
  }
}

/**
 * Calls the app's server once. Redirects are not followed: a hook goes where the operator has said and nowhere else.
 * @throws WebhookCallError when there is no answer within the limit, a redirect, or one that is too long
 */
export async function postWebhook({ url, operationID, eventID, body, timeoutMs, secret }: WebhookCall): Promise<Answer> {
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
    return { status, contentType: response.headers.get('content-type') ?? '', body: await readText(response) }
  } catch (error) {
    if (error instanceof WebhookCallError) throw error
    if (isTimeout(error)) throw new WebhookCallError(`it did not answer within ${timeoutMs / 1000} seconds`)
    throw new WebhookCallError('it could not be reached')
  }
}

/** Other text than ASCII cannot stand in a header; the body has the operationID as it is. */
function asHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}

async function readText(response: Response): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel()
      throw new WebhookCallError(`its answer has more than ${MAX_ANSWER_BYTES} bytes`, response.status)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}
