/** What the JavaScript SDK sends every ten seconds, to the byte; a runtime's auto-response can match it. */
export const JS_PING_TEXT = '{"type":"ping"}'

/** The answer to it: an absent body comes back as null. */
export const JS_PONG_TEXT = '{"type":"pong","body":null}'

/**
 * The text frame that answers a ping: the same object with `type` turned to "pong" and the body kept, by which newer
 * Go cores match it. Null when the text is no ping.
 */
export function pongFor(text: string): string | null {
  const frame = parse(text)
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || frame.type !== 'ping') return null
  return JSON.stringify({ type: 'pong', body: 'body' in frame ? frame.body : null })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
