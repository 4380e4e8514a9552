import { hex, hmacSha256, sha256Hex } from './hmac.ts'

/** A call of Alibaba Cloud's RPC API: all parameters are in the query string. */
export interface Acs3Call {
  endpoint: string
  action: string
  version: string
  query: Record<string, string>
  accessKeyID: string
  accessKeySecret: string
  /** Unix time in ms. */
  now: number
  nonce: string
}

const ALGORITHM = 'ACS3-HMAC-SHA256'

/** Answers the URL and headers of a call, signed with Alibaba Cloud's signature version 3 (ACS3). */
export async function signAcs3(call: Acs3Call): Promise<{ url: string; headers: Record<string, string> }> {
  const base = new URL(call.endpoint)
  const query = Object.entries(call.query)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join('&')
  const bodyHash = await sha256Hex('')
  const signed: Record<string, string> = {
    host: base.host,
    'x-acs-action': call.action,
    'x-acs-content-sha256': bodyHash,
    'x-acs-date': new Date(call.now).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    'x-acs-signature-nonce': call.nonce,
    'x-acs-version': call.version,
  }
  const names = Object.keys(signed).join(';')
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', base.pathname, query, lines.join(''), names, bodyHash].join('\n')
  const signature = hex(await hmacSha256(call.accessKeySecret, `${ALGORITHM}\n${await sha256Hex(canonical)}`))
  const { host: _, ...headers } = signed
  const authorization = `${ALGORITHM} Credential=${call.accessKeyID},SignedHeaders=${names},Signature=${signature}`
  return { url: `${base.origin}${base.pathname}?${query}`, headers: { ...headers, authorization } }
}

/** Percent-encodes by RFC 3986, which escapes more characters than JavaScript's own function. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
