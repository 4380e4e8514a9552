import { describe, expect, it } from 'vitest'
import { ImError } from '../../src/protocol/errors.ts'
import * as conversation from '../../src/protocol/proto/generated/conversation.ts'
import * as entities from '../../src/protocol/proto/generated/entities.ts'
import * as jssdk from '../../src/protocol/proto/generated/jssdk.ts'
import * as msg from '../../src/protocol/proto/generated/msg.ts'
import * as push from '../../src/protocol/proto/generated/push.ts'
import * as relation from '../../src/protocol/proto/generated/relation.ts'
import * as sdkws from '../../src/protocol/proto/generated/sdkws.ts'
import * as tips from '../../src/protocol/proto/generated/tips.ts'
import {
  type Codec,
  decodePayload,
  MsgData,
  PushMessages,
  SubUserOnlineStatus,
} from '../../src/protocol/proto/index.ts'
import vectors from '../vectors/protobuf.json'
import { fromHex, toBase64, toHex } from './hex.ts'

const files: Record<string, object> = { conversation, entities, jssdk, msg, push, relation, sdkws, tips }

function codecOf(file: string, message: string): Codec<unknown> {
  const codecs = files[file] as Record<string, Codec<unknown>>
  // Type names start with a capital in TypeScript; OpenIM has one that does not.
  return codecs[message] ?? (codecs[message[0]?.toUpperCase() + message.slice(1)] as Codec<unknown>)
}

/** A message as Go prints it: bytes as base64; null, empty and absent values are left out. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return asJson(toBase64(value))
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(asJson)
  if (typeof value !== 'object' || value === null) return value === '' || value === null ? undefined : value
  const entries = Object.entries(value).map(([key, field]): [string, unknown] => [key, asJson(field)])
  const present = entries.filter(([, field]) => field !== undefined)
  return present.length === 0 ? undefined : Object.fromEntries(present)
}

describe('a codec', () => {
  it.each(vectors.filled)('reads and writes the bytes of Go unchanged: $message ($file)', (vector) => {
    const codec = codecOf(vector.file, vector.message)
    const message = decodePayload(codec, fromHex(vector.hex))
    expect(asJson(message)).toEqual(asJson(vector.value))
    expect(toHex(codec.encode(message).finish())).toBe(vector.hex)
  })

  it.each(vectors.special)('reads the bytes of Go or of a client: $name', (vector) => {
    const codec = codecOf('sdkws', vector.message)
    const message = decodePayload(codec, fromHex(vector.hex))
    expect(asJson(message)).toEqual(asJson(vector.value))
    if (vector.canonical) expect(toHex(codec.encode(message).finish())).toBe(vector.hex)
  })
})

describe('MsgData', () => {
  it('keeps an option that is false', () => {
    const bytes = MsgData.encode(MsgData.create({ options: { history: false, unreadCount: true } })).finish()
    expect(decodePayload(MsgData, bytes).options).toEqual({ history: false, unreadCount: true })
    // Go encodes the false; other encoders leave it out.
    const history = '9a01 0b 0a07686973746f7279 1000'
    expect(decodePayload(MsgData, fromHex(history)).options).toEqual({ history: false })
  })

  it('is well-formed after decoding and encoding, even when a nested length was wrong', () => {
    // An option of two bytes, with a key of five bytes: Go rejects the message and every frame that contains it.
    const wrongLength = fromHex('0a05616c696365 9a01 02 0a05 6162636465')
    const message = decodePayload(MsgData, wrongLength)
    expect(toHex(MsgData.encode(message).finish())).toBe('0a05616c6963659a01070a056162636465')
  })

  it('fills the fields that are not given with zero values', () => {
    expect(MsgData.create({ seq: 5 })).toMatchObject({ seq: 5, sendID: '', atUserIDList: [], options: {}, status: 0 })
  })
})

describe('decodePayload', () => {
  const bad: [why: string, codec: Codec<unknown>, hex: string][] = [
    ['that ends inside a field', MsgData, '0a05616c'],
    ['that ends inside a number', MsgData, '7080'],
    ['with a text that is not UTF-8', MsgData, '3a02c328'],
    ['with a text in a nested message that is not UTF-8', MsgData, 'a201 04 0a02c328'],
    ['with a map key that is not UTF-8', MsgData, '9a01 06 0a02c328 1001'],
    ['with a list entry that is not UTF-8', SubUserOnlineStatus, '0a02c328'],
    ['with a stray end-of-group tag', MsgData, '0c 0a016f'],
    ['with a tag of zero', MsgData, '00 0a016f'],
    ['with a time beyond 2^53', MsgData, '78 80808080808080808001'],
    ['with a wire type that does not exist', MsgData, '0f'],
    ['that is nested too deeply', PushMessages, '0b'.repeat(2000)],
  ]
  it.each(bad)('refuses with error 1001 a payload %s', (_why, codec, hex) => {
    expect(codeOfRefusal(codec, fromHex(hex))).toBe(1001)
  })

  it('refuses a truncated payload, except between two fields, where it is a shorter message', () => {
    for (const { file, message, hex } of vectors.filled) {
      if (!['sdkws', 'msg'].includes(file)) continue
      const codec = codecOf(file, message)
      const whole = fromHex(hex)
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.subarray(0, length)
        if (codeOfRefusal(codec, cut) !== null) continue
        // The shorter message must have kept every byte.
        if (codec.encode(decodePayload(codec, cut)).finish().length !== length) throw new Error(`${message} ${length}`)
      }
    }
  })
})

function codeOfRefusal(codec: Codec<unknown>, bytes: Uint8Array): number | null {
  try {
    decodePayload(codec, bytes)
    return null
  } catch (error) {
    if (error instanceof ImError) return error.code
    throw error
  }
}
