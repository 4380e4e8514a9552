import { createHmac } from 'node:crypto'

/** The prefix of a base64 secret, which the tools of the specification print. */
const BASE64_MARK = 'whsec_'

/**
 * The headers that prove the sender and the time of a webhook, as https://www.standardwebhooks.com specifies: a base64
 * HMAC-SHA256 over `<event ID>.<time in seconds>.<body>`. OpenIM: signs nothing, so that app servers written for OpenIM
 * ignore these headers.
 * @param now ms
 */
export function signatureHeaders(secret: string, eventID: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const headers = { 'webhook-id': eventID, 'webhook-timestamp': timestamp }
  if (secret === '') return headers
  const mac = createHmac('sha256', keyOf(secret)).update(`${eventID}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${mac}` }
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(BASE64_MARK)
    ? Buffer.from(secret.slice(BASE64_MARK.length), 'base64')
    : Buffer.from(secret, 'utf8')
}
