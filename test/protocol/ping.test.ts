import { describe, expect, it } from 'vitest'
import { JS_PING_TEXT, JS_PONG_TEXT, pongFor } from '../../src/protocol/envelope/ping.ts'

describe('pongFor', () => {
  it('answers the ping of the JavaScript SDK with a fixed text', () => {
    // The SDK sends JSON.stringify({ type: 'ping' }) and reads only the type of the answer.
    expect(JS_PING_TEXT).toBe(JSON.stringify({ type: 'ping' }))
    expect(pongFor(JS_PING_TEXT)).toBe(JS_PONG_TEXT)
    expect(JSON.parse(JS_PONG_TEXT)).toEqual({ type: 'pong', body: null })
  })

  it('answers with the body of the ping', () => {
    expect(pongFor('{"type":"ping","body":"op-1"}')).toBe('{"type":"pong","body":"op-1"}')
    expect(pongFor('{"body":{"n":[1,"ü"]},"type":"ping"}')).toBe('{"type":"pong","body":{"n":[1,"ü"]}}')
    expect(pongFor('{"type":"ping","body":null}')).toBe(JS_PONG_TEXT)
  })

  it.each(['{"type":"pong"}', '{"type":"Ping"}', '{}', '"ping"', 'ping', '', 'null', '[]', '{"type":"ping"', '7'])(
    'returns null for a text that is not a ping: %s',
    (text) => {
      expect(pongFor(text)).toBe(null)
    },
  )
})
