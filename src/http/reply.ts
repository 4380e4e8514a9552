import { ImError } from '../protocol/errors.ts'
import { errorReply, type Reply } from '../protocol/reply.ts'

declare global {
  interface JSON {
    /** Makes a value that `stringify` writes as this text. */
    rawJSON(text: string): unknown
  }
}

/** OpenIM: errors have HTTP 200 too; its clients read only the envelope. */
const HTTP_OK = 200

/** The largest answer. Every call has limits of its own; this one holds also for rows with the longest texts. */
const MAX_ANSWER_BYTES = 8_000_000

/** The HTTP response with an envelope as its body. Bytes become base64 and bigints become numbers, as in Go's JSON. */
export function envelope(reply: Reply, status = HTTP_OK): Response {
  const text = JSON.stringify(reply, asGoWrites)
  if (!isTooLarge(text)) return respond(text, status)
  return respond(
    JSON.stringify(errorReply(ImError.args(`the answer has more than ${MAX_ANSWER_BYTES} bytes; ask for less`))),
  )
}

/** A character has at most three bytes, so the bytes of a short text need not be counted. */
function isTooLarge(text: string): boolean {
  return text.length > MAX_ANSWER_BYTES / 3 && Buffer.byteLength(text) > MAX_ANSWER_BYTES
}

function respond(text: string, status = HTTP_OK): Response {
  return new Response(text, {
    status,
    headers: { 'content-type': 'application/json' },
  })
}

function asGoWrites(this: unknown, key: string, value: unknown): unknown {
  // Hashes use all 64 bits, which a JavaScript number cannot hold.
  if (typeof value === 'bigint') return JSON.rawJSON(String(value))
  // Buffer's own toJSON has already replaced `value`; the object that holds it still has the bytes.
  const original = (this as Record<string, unknown>)[key]
  if (!(original instanceof Uint8Array)) return value
  return Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString('base64')
}
