import { describe, expect, it } from 'vitest'
import { encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import { gunzip, gzip } from '../../src/protocol/envelope/gzip.ts'
import {
  type Compression,
  envelopeFor,
  FrameError,
  MAX_FRAME_BYTES,
  MAX_INFLATED_BYTES,
  type SdkType,
  type WsRequest,
} from '../../src/protocol/envelope/index.ts'
import { fromHex, toHex } from './hex.ts'

const request: WsRequest = {
  reqIdentifier: 1003,
  token: '',
  sendID: 'alice',
  operationID: 'op1',
  msgIncr: 'alice_1',
  data: new Uint8Array([10, 2, 0, 255]),
}
const response = {
  reqIdentifier: 1003,
  msgIncr: 'alice_1',
  operationID: 'op1',
  errCode: 1302,
  errMsg: 'BlockedByPeer',
  data: new Uint8Array([1, 2, 3]),
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const json = (fields: object) => utf8(JSON.stringify(fields))

/** The frames that clients send, one per kind of envelope. */
const frames: [SdkType, Compression, Uint8Array][] = [
  ['js', 'none', jsRequest({})],
  ['js', 'gzip', gzip(jsRequest({}))],
  ['go', 'none', encodeGobRequest(request)],
  ['go', 'gzip', gzip(encodeGobRequest(request))],
]

function jsRequest(changes: object): Uint8Array {
  return json({
    reqIdentifier: 1003,
    msgIncr: 'alice_1',
    sendID: 'alice',
    operationID: 'op1',
    data: 'CgIA/w==',
    ...changes,
  })
}

describe.each(frames)('the envelope for %s, %s', (sdkType, compression, frame) => {
  const envelope = envelopeFor(sdkType, compression)

  it('reads a request', () => {
    const { data, ...rest } = envelope.decode(frame)
    expect(rest).toEqual({ ...request, data: undefined })
    expect(toHex(data)).toBe('0a0200ff')
    expect(data.constructor).toBe(Uint8Array)
  })

  it('has the declared kind and compression', () => {
    expect(envelope.kind).toBe(sdkType === 'js' ? 'json' : 'gob')
    expect(envelope.compressed).toBe(compression === 'gzip')
    expect(envelopeFor(sdkType, compression)).toBe(envelope)
  })

  it('compresses replies only when the handshake asked for gzip', () => {
    const reply = envelope.encode(response)
    expect(toHex(reply.subarray(0, 2)) === '1f8b').toBe(compression === 'gzip')
  })

  it('refuses a frame that is cut off at any byte', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(() => envelope.decode(frame.subarray(0, length))).toThrow(FrameError)
    }
  })

  it('refuses a frame that is larger than the limit', () => {
    expect(() => envelope.decode(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(
      '51201 bytes, of which 51200 are allowed',
    )
  })

  it('refuses the frames of every other kind of envelope', () => {
    for (const [otherSdk, otherCompression, other] of frames) {
      if (otherSdk === sdkType && otherCompression === compression) continue
      expect(() => envelope.decode(other)).toThrow(FrameError)
    }
  })
})

describe('a JSON request', () => {
  const envelope = envelopeFor('js', 'none')

  it('gets zero values for fields that are absent or null', () => {
    const zero = { reqIdentifier: 0, token: '', sendID: '', operationID: '', msgIncr: '' }
    expect(envelope.decode(json({}))).toMatchObject(zero)
    expect(envelope.decode(jsRequest({ data: null })).data.length).toBe(0)
    expect(envelope.decode(jsRequest({ data: '' })).data.length).toBe(0)
    expect(envelope.decode(json({ reqIdentifier: null, sendID: null, data: null }))).toMatchObject(zero)
  })

  it('may have unknown fields, and texts in any script', () => {
    const read = envelope.decode(jsRequest({ sendID: '用户🙂', token: 't', extra: [1] }))
    expect(read).toMatchObject({ sendID: '用户🙂', token: 't', reqIdentifier: 1003 })
  })

  const bad: [frame: string, why: string, bytes: Uint8Array][] = [
    ['a text that is not JSON', 'not JSON', utf8('hello')],
    ['an array', 'no object', utf8('[]')],
    ['null', 'no object', utf8('null')],
    ['a number', 'no object', utf8('1003')],
    ['bytes that are not UTF-8', 'not UTF-8', fromHex('7b22c328223a317d')],
    ['two objects', 'not JSON', utf8('{}{}')],
    ['reqIdentifier as text', 'reqIdentifier is not a 32-bit integer', jsRequest({ reqIdentifier: '1003' })],
    ['reqIdentifier with a fraction', 'reqIdentifier is not a 32-bit integer', jsRequest({ reqIdentifier: 1003.5 })],
    ['reqIdentifier beyond 32 bits', 'reqIdentifier is not a 32-bit integer', jsRequest({ reqIdentifier: 2 ** 31 })],
    ['sendID as a number', 'sendID is not a string', jsRequest({ sendID: 7 })],
    ['operationID as an object', 'operationID is not a string', jsRequest({ operationID: {} })],
    ['msgIncr as a boolean', 'msgIncr is not a string', jsRequest({ msgIncr: false })],
    ['token as an array', 'token is not a string', jsRequest({ token: [] })],
    ['data as a list of bytes', 'data is not a string', jsRequest({ data: [10, 2] })],
    ['data without padding', 'data is not standard base64', jsRequest({ data: 'CgIA/w' })],
    ['data with too much padding', 'data is not standard base64', jsRequest({ data: 'CgIA/w===' })],
    ['data in the URL alphabet', 'data is not standard base64', jsRequest({ data: 'CgIA_w==' })],
    ['data with spaces', 'data is not standard base64', jsRequest({ data: 'CgI A/w=' })],
    ['data with padding inside', 'data is not standard base64', jsRequest({ data: 'Cg==IA/w' })],
    ['data that is not base64', 'data is not standard base64', jsRequest({ data: '$$$$' })],
    ['data that is padding only', 'data is not standard base64', jsRequest({ data: '====' })],
  ]
  it.each(bad)('is refused: %s', (_frame, why, bytes) => {
    expect(() => envelope.decode(bytes)).toThrow(FrameError)
    expect(() => envelope.decode(bytes)).toThrow(why)
  })
})

describe('a JSON reply', () => {
  it('is UTF-8 JSON with the data as base64', () => {
    expect(new TextDecoder().decode(envelopeFor('js', 'none').encode({ ...response, operationID: '操作' }))).toBe(
      '{"reqIdentifier":1003,"msgIncr":"alice_1","operationID":"操作","errCode":1302,"errMsg":"BlockedByPeer","data":"AQID"}',
    )
  })

  it('has null as data when there is no data', () => {
    const encoded = envelopeFor('js', 'none').encode({ ...response, data: new Uint8Array() })
    expect(JSON.parse(new TextDecoder().decode(encoded)).data).toBe(null)
  })

  it('encodes data that is a view into a larger buffer', () => {
    const larger = new Uint8Array([9, 1, 2, 3, 9])
    const encoded = envelopeFor('js', 'none').encode({ ...response, data: larger.subarray(1, 4) })
    expect(JSON.parse(new TextDecoder().decode(encoded)).data).toBe('AQID')
  })
})

describe('gunzip', () => {
  it('inflates the output of gzip to the same bytes', () => {
    for (const length of [0, 1, 100, 1023, 1024, 70000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * i) % 251)
      expect(toHex(gunzip(gzip(bytes), MAX_INFLATED_BYTES))).toBe(toHex(bytes))
    }
  })

  it('reads the output of Go, whose header has no file name and no system', () => {
    // Output of compress/gzip of go1.26.8 at the default level.
    const fromGo = fromHex('1f8b08000000000000ff2a3504040000ffff769f4f4202000000')
    expect(new TextDecoder().decode(gunzip(fromGo, 10))).toBe('u1')
  })

  const packed = gzip(utf8('hello'))
  const bomb = gzip(new Uint8Array(MAX_INFLATED_BYTES + 1))
  const bad: [frame: string, bytes: Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['a text', utf8('{"type":"ping"}')],
    ['a header alone', packed.subarray(0, 10)],
    ['a wrong checksum', withByte(packed, packed.length - 5, 0x55)],
    ['a wrong length', withByte(packed, packed.length - 4, 0x55)],
    ['a byte after the member', concat(packed, new Uint8Array(1))],
    ['zeros after the member', concat(packed, new Uint8Array(8))],
    ['two members', concat(packed, packed)],
    ['zlib without gzip', fromHex('789ccb48cdc9c907000 62c0215')],
    ['a member that inflates beyond the limit', bomb],
  ]
  it.each(bad)('refuses %s', (_frame, bytes) => {
    expect(() => gunzip(bytes, MAX_INFLATED_BYTES)).toThrow(FrameError)
  })

  it('inflates up to the limit', () => {
    expect(bomb.length).toBeLessThan(MAX_FRAME_BYTES)
    expect(gunzip(gzip(new Uint8Array(MAX_INFLATED_BYTES)), MAX_INFLATED_BYTES).length).toBe(MAX_INFLATED_BYTES)
  })
})

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array([...a, ...b])
}

function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  return bytes.map((value, i) => (i === at ? byte : value))
}
