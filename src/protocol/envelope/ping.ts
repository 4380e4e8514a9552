/** The exact text that the JavaScript SDK sends every ten seconds, so that the runtime's auto-response can match it. */
export const JS_PING_TEXT = '{"type":"ping"}'

/** The answer to `JS_PING_TEXT`: an absent body is answered as null. */
export const JS_PONG_TEXT = '{"type":"pong","body":null}'

/**
 * The text frame that answers a ping: `type` is "pong", and the body is the ping's, because newer Go cores match the
 * pong by it. Null when the text is not a ping.
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
