import { createHmac } from 'node:crypto'

/** Marks a secret that is given as base64, as the specification's tools print it. */
const BASE64_MARK = 'whsec_'

/**
 * The headers that prove who sent a webhook and when, as https://www.standardwebhooks.com specifies them: HMAC-SHA256
 * in base64 over the event's ID, the time in seconds and the body, with dots between. Receivers made for OpenIM, which
 * signs nothing, do not look at them.
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
