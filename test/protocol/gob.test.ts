import { describe, expect, it } from 'vitest'
import { FrameError, type WsRequest, type WsResponse } from '../../src/protocol/envelope/frame.ts'
import {
  decodeGobRequest,
  decodeGobResponse,
  encodeGobRequest,
  encodeGobResponse,
} from '../../src/protocol/envelope/gob.ts'
import sources from '../vectors/gob.json'
import { fromBase64, fromHex, toBase64, toHex } from './hex.ts'

type AsJson<T> = Omit<T, 'data'> & { data: string }
interface Vector<T> {
  name: string
  hex: string
  /** The value that Go reads; null when Go rejects the frame. */
  value: AsJson<T> | null
}

const requests = sources.flatMap((source) => source.requests as Vector<WsRequest>[])
const responses = sources.flatMap((source) => source.responses as Vector<WsResponse>[])

/** Frames that Go reads and we refuse: no client sends such fields, and skipping them would need a type interpreter. */
const REFUSED_HERE = ['an unknown nested struct', 'an unknown nested struct, empty', 'an unknown list']

/** The struct of another client, whose order our encoder does not write. */
const OTHER_ORDER = ["the client's own struct, in another order"]

const asJson = <T extends { data: Uint8Array }>(envelope: T) => ({ ...envelope, data: toBase64(envelope.data) })
const withBytes = <T extends { data: string }>(value: T) => ({ ...value, data: fromBase64(value.data) })

/** The go1.24 frame of gob.md §6.1. */
const NEWEST_SEQ = fromHex(requests[0]?.hex ?? '')
const DEFINITION = NEWEST_SEQ.subarray(0, 102)

function frame(...parts: string[]): Uint8Array {
  return fromHex(parts.join(''))
}

/** A message: its length, then its body. Short bodies only. */
function message(body: string): string {
  const length = fromHex(body).length
  expect(length).toBeLessThan(128)
  return `${length.toString(16).padStart(2, '0')}${body.replace(/\s/g, '')}`
}

describe('decodeGobRequest', () => {
  const readable = requests.filter(({ name, value }) => value !== null && !REFUSED_HERE.includes(name))
  it.each(readable)('reads the request of a Go program: $name', ({ hex, value }) => {
    expect(asJson(decodeGobRequest(fromHex(hex)))).toEqual(value)
  })

  const refused = requests.filter(({ name, value }) => value === null || REFUSED_HERE.includes(name))
  it.each(refused)('refuses the frame of a Go program: $name', ({ hex }) => {
    expect(() => decodeGobRequest(fromHex(hex))).toThrow(FrameError)
  })

  it('reads requests that encodeGobRequest writes byte for byte as Go does', () => {
    for (const { name, hex, value } of requests.filter(({ name }) => name.includes('go1.19'))) {
      expect(toHex(encodeGobRequest(withBytes(value as AsJson<WsRequest>))), name).toBe(hex)
    }
  })
})

describe('a gob reply', () => {
  it.each(responses.filter(({ name }) => !OTHER_ORDER.includes(name)))(
    'is written as Go writes it: $name',
    ({ hex, value }) => {
      expect(toHex(encodeGobResponse(withBytes(value as AsJson<WsResponse>)))).toBe(hex)
    },
  )

  it.each(responses)('is read: $name', ({ hex, value }) => {
    expect(asJson(decodeGobResponse(fromHex(hex)))).toEqual(value)
  })

  it('can hold more than 64 KiB', () => {
    const data = new Uint8Array(70000).fill(7)
    const encoded = encodeGobResponse({
      reqIdentifier: 1002,
      msgIncr: '',
      operationID: '',
      errCode: 0,
      errMsg: '',
      data,
    })
    // The value message: a length of three bytes, type 65, field 0 = 1002, field 5 = 70000 bytes.
    expect(toHex(encoded.subarray(97, 97 + 15))).toBe('fd01117cff8201fe07d405fd011170')
    expect(decodeGobResponse(encoded).data).toEqual(data)
  })
})

describe('a gob request', () => {
  it('has data that is a view into the frame, not a copy', () => {
    expect(decodeGobRequest(NEWEST_SEQ).data.buffer).toBe(NEWEST_SEQ.buffer)
  })

  it('may be a view into a larger buffer', () => {
    const larger = new Uint8Array(NEWEST_SEQ.length + 20).fill(0xff)
    larger.set(NEWEST_SEQ, 7)
    expect(decodeGobRequest(larger.subarray(7, 7 + NEWEST_SEQ.length))).toEqual(decodeGobRequest(NEWEST_SEQ))
  })

  it('may give its type any user type number', () => {
    for (const id of ['ff80', 'ff82', 'fffe', 'fe0800', 'fd200000']) {
      const definition = toHex(DEFINITION).slice(2).replace(/^7f/, negated(id)).replace('01ff8000', `01${id}00`)
      const value = message(`${id} 01 fe07d2 00`)
      expect(decodeGobRequest(frame(message(definition), value)).reqIdentifier).toBe(1001)
    }
  })

  it.each([
    ['with a known field', 'ff83 03 02 01 01 04 44617461 01 0a 00 00 00'],
    ['with an unknown field', 'ff83 03 02 01 01 04 64617461 01 0c 00 00 00'],
    ['without fields', 'ff83 03 02 00 00 00'],
  ])('may define a further type %s', (_what, other) => {
    expect(decodeGobRequest(frame(message(other), toHex(NEWEST_SEQ)))).toEqual(decodeGobRequest(NEWEST_SEQ))
  })

  it('is refused when it is cut off at any byte', () => {
    for (const { hex, value } of requests) {
      if (value === null) continue
      const whole = fromHex(hex)
      for (let length = 0; length < whole.length; length++) {
        expect(() => decodeGobRequest(whole.subarray(0, length))).toThrow(FrameError)
      }
    }
  })

  it('is either read or refused when any byte is damaged', () => {
    const damaged = NEWEST_SEQ.slice()
    for (let at = 0; at < damaged.length; at++) {
      const original = damaged[at] as number
      for (let byte = 0; byte < 256; byte++) {
        damaged[at] = byte
        if (!isRequestOrRefused(damaged)) throw new Error(`byte ${at} with value ${byte} is neither read nor refused`)
      }
      damaged[at] = original
    }
  })

  const definition = toHex(DEFINITION)
  const bad: [frame: string, why: string, bytes: Uint8Array][] = [
    ['empty', 'ends inside a gob number', frame()],
    ['a definition without a value', 'ends inside a gob number', DEFINITION],
    [
      'a value without a definition',
      'of type 64, which the frame does not define',
      frame(message('ff80 01 fe07d2 00')),
    ],
    [
      'a value of a type that is not defined',
      'of type 65, which the frame does not define',
      frame(definition, message('ff82 01 fe07d2 00')),
    ],
    ['a value of type 0', 'of type 0, which the frame does not define', frame(definition, message('00 01 fe07d2 00'))],
    ['a type defined twice', 'defined twice', frame(definition, toHex(NEWEST_SEQ))],
    [
      'a definition of a builtin type',
      'builtin',
      frame(message('7d 03 02 01 01 04 44617461 01 0a 00 00 00'), message('7c 00')),
    ],
    ['a byte after the value', 'bytes follow the gob value', frame(toHex(NEWEST_SEQ), '00')],
    ['a second value', 'bytes follow the gob value', frame(toHex(NEWEST_SEQ), message('ff80 00'))],
    [
      'a value message that goes on after the value',
      'longer than what it holds',
      frame(definition, message('ff80 01 fe07d2 00 00')),
    ],
    ['a value without its end', 'ends inside a gob number', frame(definition, message('ff80 01 fe07d2'))],
    ['a field beyond the type', 'more fields than its type', frame(definition, message('ff80 07 02 00'))],
    ['a text longer than its message', 'longer than its message', frame(definition, message('ff80 03 7f 7531 00'))],
    [
      'a text with a length of 64 bits',
      'longer than its message',
      frame(definition, message('ff80 03 f8ffffffffffffffff 7531 00')),
    ],
    ['a message with a length of 64 bits', 'ends inside a gob message', frame('f8ffffffffffffffff', '00')],
    ['a number of nine bytes', 'longer than 8 bytes', frame(definition, message('ff80 01 f7010101010101010101 00'))],
    ['a text that is not UTF-8', 'SendID is not UTF-8', frame(definition, message('ff80 03 02 c328 00'))],
    ['a type that is not a struct', 'no struct', frame(message('7f 02 01 02 01 0c 00 00'), message('ff80 00'))],
    [
      'a field list longer than the message',
      'too many fields',
      frame(message('7f 03 02 fdffffff 00 00'), message('ff80 00')),
    ],
    [
      'many fields without a name',
      'too many fields',
      frame(message(`7f 03 02 41 ${'00'.repeat(65)} 00 00`), message('ff80 00')),
    ],
    ['an unknown part in a field', 'unknown part', frame(message('7f 03 02 01 03 01 00 00 00'), message('ff80 00'))],
    ['an unknown part in a struct', 'unknown part', frame(message('7f 03 03 01 00 00'), message('ff80 00'))],
    [
      'a struct without known fields',
      'none of our fields',
      frame(message('7f 03 02 01 01 04 64617461 01 0a 00 00 00'), message('ff80 00')),
    ],
    [
      'a known field of another type',
      'Data has the wrong type',
      frame(message('7f 03 02 01 01 04 44617461 01 0c 00 00 00'), message('ff80 00')),
    ],
    ['text', 'ends inside a gob message', new TextEncoder().encode('{"type":"ping"}')],
  ]
  it.each(bad)('is refused: %s', (_frame, why, bytes) => {
    expect(() => decodeGobRequest(bytes)).toThrow(FrameError)
    expect(() => decodeGobRequest(bytes)).toThrow(why)
  })

  it('may define at most 8 types, because many types would cost quadratic time', () => {
    const definitions = ['7f', 'ff81', 'ff83', 'ff85', 'ff87', 'ff89', 'ff8b', 'ff8d', 'ff8f'].map((id) =>
      message(`${id} 03 02 01 01 04 44617461 01 0a 00 00 00`),
    )
    expect(decodeGobRequest(frame(...definitions.slice(0, 8), message('ff80 00'))).reqIdentifier).toBe(0)
    expect(() => decodeGobRequest(frame(...definitions, message('ff80 00')))).toThrow('too many gob types')
  })
})

function isRequestOrRefused(bytes: Uint8Array): boolean {
  try {
    const { reqIdentifier, sendID, data } = decodeGobRequest(bytes)
    return Number.isInteger(reqIdentifier) && typeof sendID === 'string' && data instanceof Uint8Array
  } catch (error) {
    return error instanceof FrameError
  }
}

/** The encoding of −n for the encoding of n: 2n → 2n − 1. */
function negated(coded: string): string {
  const bytes = fromHex(coded)
  const last = bytes.length - 1
  for (let at = last; at >= 1; at--) {
    bytes[at] = ((bytes[at] as number) + 255) % 256
    if (bytes[at] !== 255) break
  }
  return toHex(bytes) === 'ff7f' ? '7f' : toHex(bytes)
}
