import { hex, hmacSha256, sha256Hex } from './hmac.ts'

/** A call of Tencent Cloud's API: a POST with a JSON body. */
export interface Tc3Call {
  endpoint: string
  service: string
  action: string
  version: string
  region: string
  body: string
  secretID: string
  secretKey: string
  /** Unix time in ms. */
  now: number
}

const ALGORITHM = 'TC3-HMAC-SHA256'
const CONTENT_TYPE = 'application/json; charset=utf-8'
const SIGNED_HEADERS = 'content-type;host'

/** Answers the headers of a call, signed with Tencent Cloud's signature version 3 (TC3). */
export async function signTc3(call: Tc3Call): Promise<Record<string, string>> {
  const { host, pathname } = new URL(call.endpoint)
  const timestamp = String(Math.floor(call.now / 1000))
  const date = new Date(call.now).toISOString().slice(0, 10)
  const scope = `${date}/${call.service}/tc3_request`
  const headers = `content-type:${CONTENT_TYPE}\nhost:${host}\n`
  const canonical = ['POST', pathname, '', headers, SIGNED_HEADERS, await sha256Hex(call.body)].join('\n')
  const toSign = [ALGORITHM, timestamp, scope, await sha256Hex(canonical)].join('\n')
  const dateKey = await hmacSha256(`TC3${call.secretKey}`, date)
  const signingKey = await hmacSha256(await hmacSha256(dateKey, call.service), 'tc3_request')
  const signature = hex(await hmacSha256(signingKey, toSign))
  return {
    authorization: `${ALGORITHM} Credential=${call.secretID}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
    'content-type': CONTENT_TYPE,
    'x-tc-action': call.action,
    'x-tc-version': call.version,
    'x-tc-timestamp': timestamp,
    'x-tc-region': call.region,
  }
}
