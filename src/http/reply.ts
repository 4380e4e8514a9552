import type { Reply } from '../protocol/reply.ts'

declare global {
  interface JSON {
    /** A value that `stringify` writes as this text. */
    rawJSON(text: string): unknown
  }
}

/** OpenIM answers errors with HTTP 200 too: its clients read the envelope only. */
const HTTP_OK = 200

/** The response that carries an envelope; bytes inside it become base64 and bigints numbers, as Go writes them. */
export function envelope(reply: Reply, status = HTTP_OK): Response {
  return new Response(JSON.stringify(reply, asGoWrites), {
    status,
    headers: { 'content-type': 'application/json' },
  })
}

function asGoWrites(this: unknown, key: string, value: unknown): unknown {
  // Hashes use all 64 bits, more than a number keeps here.
  if (typeof value === 'bigint') return JSON.rawJSON(String(value))
  // A Buffer has a toJSON of its own, which has run by now: the holder still has the bytes.
  const original = (this as Record<string, unknown>)[key]
  if (!(original instanceof Uint8Array)) return value
  return Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString('base64')
}
