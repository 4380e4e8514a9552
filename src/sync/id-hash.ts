import { createHash } from 'node:crypto'

/**
 * OpenIM's hash of an ordered ID list: MD5 of its JSON text, the first 8 bytes as a big-endian number; 0 when empty.
 * Clients compare it with their own list to skip a download.
 */
export function idHash(ids: readonly string[]): bigint {
  if (ids.length === 0) return 0n
  return createHash('md5').update(goJson(ids)).digest().readBigUInt64BE(0)
}

/** Go's JSON encoder escapes these for HTML's sake; the hash is over its text. */
const GO_ESCAPED = /[<>&\u2028\u2029]/g

/** The text that Go makes of the same value, its keys in the order they have here. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(GO_ESCAPED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
