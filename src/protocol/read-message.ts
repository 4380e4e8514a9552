import { decodePayload } from './proto/decode.ts'
import { MsgData, OfflinePushInfo } from './proto/index.ts'

/** A message as a device sent it. */
export interface ReceivedMessage {
  msg: MsgData
  /** The received bytes, if they may be forwarded to other devices unchanged. Null when `msg` must be encoded again. */
  bytes: Uint8Array | null
}

/**
 * Reads the MsgData of a device. Every official client writes each field once, in plain form. Such a message is read
 * here in one pass, which also checks that every nested length is exact; the generated codec cannot check that. Only
 * then may the bytes be forwarded without encoding them again. The generated codec reads all other messages.
 * @throws ImError 1001 when the bytes are not a MsgData
 */
export function readMessage(bytes: Uint8Array): ReceivedMessage {
  const msg = readPlain(bytes)
  return msg ? { msg, bytes: withoutSurroundings(bytes) } : { msg: decodePayload(MsgData, bytes), bytes: null }
}

/** Copies a view into a larger buffer, because sending a view sends the whole buffer. */
function withoutSurroundings(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
}

const WireType = { Varint: 0, LengthDelimited: 2 } as const

interface Field<Message> {
  wireType: number
  repeated?: true
  /** @returns false when the value is not in its plain form */
  read(reader: PlainReader, message: Message): boolean
}

/** The fields by number, as in `sdkws.proto`. */
type Fields<Message> = Readonly<Record<number, Field<Message>>>

const MSG_DATA: Fields<MsgData> = {
  1: text('sendID'),
  2: text('recvID'),
  3: text('groupID'),
  4: text('clientMsgID'),
  5: text('serverMsgID'),
  6: integer('senderPlatformID'),
  7: text('senderNickname'),
  8: text('senderFaceURL'),
  9: integer('sessionType'),
  10: integer('msgFrom'),
  11: integer('contentType'),
  12: {
    wireType: WireType.LengthDelimited,
    read(reader, message) {
      const content = reader.bytes()
      if (!content) return false
      message.content = content
      return true
    },
  },
  14: integer('seq', Number.MAX_SAFE_INTEGER),
  15: integer('sendTime', Number.MAX_SAFE_INTEGER),
  16: integer('createTime', Number.MAX_SAFE_INTEGER),
  17: integer('status'),
  18: flag('isRead'),
  19: {
    wireType: WireType.LengthDelimited,
    repeated: true,
    read(reader, { options }) {
      const option = { key: '', value: false }
      const { key, value } = readNested(reader, OPTION, option) ?? { key: '__proto__', value: false }
      if (Object.hasOwn(options, key) || key === '__proto__') return false
      options[key] = value
      return true
    },
  },
  20: {
    wireType: WireType.LengthDelimited,
    read(reader, message) {
      const info = readNested(reader, OFFLINE_PUSH_INFO, OfflinePushInfo.create())
      if (!info) return false
      message.offlinePushInfo = info
      return true
    },
  },
  21: {
    wireType: WireType.LengthDelimited,
    repeated: true,
    read(reader, { atUserIDList }) {
      const userID = reader.text()
      if (userID === null) return false
      atUserIDList.push(userID)
      return true
    },
  },
  22: text('attachedInfo'),
  23: text('ex'),
}

const OPTION: Fields<{ key: string; value: boolean }> = { 1: text('key'), 2: flag('value') }

const OFFLINE_PUSH_INFO: Fields<OfflinePushInfo> = {
  1: text('title'),
  2: text('desc'),
  3: text('ex'),
  4: text('iOSPushSound'),
  5: flag('iOSBadgeCount'),
  6: text('signalInfo'),
}

function readPlain(bytes: Uint8Array): MsgData | null {
  return readFields(new PlainReader(bytes, 0, bytes.length), MSG_DATA, MsgData.create())
}

function readNested<Message>(reader: PlainReader, fields: Fields<Message>, message: Message): Message | null {
  const nested = reader.nested()
  return nested && readFields(nested, fields, message)
}

function readFields<Message>(reader: PlainReader, fields: Fields<Message>, message: Message): Message | null {
  let seen = 0
  while (!reader.done) {
    const tag = reader.varint()
    const number = tag >>> 3
    const field = fields[number]
    if (!field || (tag & 7) !== field.wireType) return null
    const bit = 1 << number
    // When a field occurs twice, some codecs keep the last value and others merge both.
    if (!field.repeated && (seen & bit) !== 0) return null
    seen |= bit
    if (!field.read(reader, message)) return null
  }
  return message
}

type KeysOf<Message, Value> = { [K in keyof Message]: Message[K] extends Value ? K : never }[keyof Message]

function text<Message>(key: KeysOf<Message, string>): Field<Message> {
  return {
    wireType: WireType.LengthDelimited,
    read(reader, message) {
      const value = reader.text()
      if (value === null) return false
      message[key] = value as Message[typeof key]
      return true
    },
  }
}

/** A negative number is not plain: it has ten bytes, and no official client sends one. */
function integer<Message>(key: KeysOf<Message, number>, max = 0x7fffffff): Field<Message> {
  return {
    wireType: WireType.Varint,
    read(reader, message) {
      const value = reader.varint()
      if (!(value <= max)) return false
      message[key] = value as Message[typeof key]
      return true
    },
  }
}

function flag<Message>(key: KeysOf<Message, boolean>): Field<Message> {
  return {
    wireType: WireType.Varint,
    read(reader, message) {
      const value = reader.varint()
      if (value !== 0 && value !== 1) return false
      message[key] = (value === 1) as Message[typeof key]
      return true
    },
  }
}

/** Texts up to this length are read character by character, which is faster than a call of the decoder. */
const SHORT_TEXT_BYTES = 64

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a range of bytes from front to back. Every read fails when its value does not end within the range. */
class PlainReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get done(): boolean {
    return this.#at === this.#end
  }

  /** NaN when the number does not end within the range, or is not a safe integer. */
  varint(): number {
    let value = 0
    let factor = 1
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at++] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN
      factor *= 128
      if (factor > 2 ** 56) return Number.NaN
    }
    return Number.NaN
  }

  /** A view of the bytes; null when they do not end within the range. */
  bytes(): Uint8Array | null {
    const begin = this.#skip()
    return begin < 0 ? null : this.#bytes.subarray(begin, this.#at)
  }

  /** Null when the text does not end within the range, or is not UTF-8. */
  text(): string | null {
    const begin = this.#skip()
    if (begin < 0) return null
    return this.#shortAscii(begin) ?? decoded(this.#bytes.subarray(begin, this.#at))
  }

  nested(): PlainReader | null {
    const begin = this.#skip()
    return begin < 0 ? null : new PlainReader(this.#bytes, begin, this.#at)
  }

  /**
   * Skips a length and that many bytes.
   * @returns the position of the bytes; -1 when they do not end within the range
   */
  #skip(): number {
    const length = this.varint()
    const begin = this.#at
    if (!(begin + length <= this.#end)) return -1
    this.#at = begin + length
    return begin
  }

  #shortAscii(begin: number): string | null {
    if (this.#at - begin > SHORT_TEXT_BYTES) return null
    let value = ''
    for (let at = begin; at < this.#at; at++) {
      const byte = this.#bytes[at] as number
      if (byte >= 0x80) return null
      value += String.fromCharCode(byte)
    }
    return value
  }
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    // The generated codec reads the message again and reports the error to the client.
    return null
  }
}
