import { createHash } from 'node:crypto'

/**
 * OpenIM's hash of an ordered list of IDs: the first 8 bytes of the MD5 of its JSON text, as a big-endian number; 0 for
 * an empty list. Clients send the hash of their own list, so that an equal list is not downloaded again.
 */
export function idHash(ids: readonly string[]): bigint {
  if (ids.length === 0) return 0n
  return createHash('md5').update(goJson(ids)).digest().readBigUInt64BE(0)
}

/** Go's JSON encoder escapes these characters for use in HTML, and the hash covers the escaped text. */
const GO_ESCAPED = /[<>&\u2028\u2029]/g

/** The JSON text that Go's encoder produces for the same value, with the keys in the order given here. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(GO_ESCAPED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
