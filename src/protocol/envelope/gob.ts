import { FrameError, INT32_MAX, INT32_MIN, type WsRequest, type WsResponse } from './frame.ts'

/*
 * The part of Go's encoding/gob that OpenIM's envelopes need. One frame is one whole stream: a message that defines a
 * struct type, then a message with a value of that type. A message is its length, then its bytes. A number up to 127 is
 * one byte. A larger number is a byte 256 − n, followed by n big-endian bytes. A signed number has its sign in the
 * lowest bit. A struct is pairs of (distance to the field's index, value), without zero values, and ends with a 0.
 *
 * The decoder follows the type definition in the frame: it finds fields by name, in any order, and skips unknown names,
 * because other builds of the clients may reorder or extend the struct.
 */

/** @throws FrameError when the frame is not exactly one request */
export function decodeGobRequest(frame: Uint8Array): WsRequest {
  const request: WsRequest = { reqIdentifier: 0, token: '', sendID: '', operationID: '', msgIncr: '', data: EMPTY }
  new GobReader(frame).readStream(REQUEST_FIELDS, request)
  return request
}

/** @throws FrameError when the frame is not exactly one reply */
export function decodeGobResponse(frame: Uint8Array): WsResponse {
  const response: WsResponse = { reqIdentifier: 0, msgIncr: '', operationID: '', errCode: 0, errMsg: '', data: EMPTY }
  new GobReader(frame).readStream(RESPONSE_FIELDS, response)
  return response
}

/** Encodes a reply or push, byte for byte as OpenIM's server does. */
export function encodeGobResponse(response: WsResponse): Uint8Array {
  return encodeStream(RESPONSE_DEFINITION, RESPONSE_FIELDS, response)
}

/** Encodes a request as the wasm client does, except for the type's number (65, not 64), which decoders must accept. */
export function encodeGobRequest(request: WsRequest): Uint8Array {
  return encodeStream(REQUEST_DEFINITION, REQUEST_FIELDS, request)
}

/** The numbers of gob's builtin types. */
const GobType = { Bool: 1, Int: 2, Uint: 3, Float: 4, Bytes: 5, String: 6, Complex: 7 } as const

/** The sender's own types have numbers from here on. */
const FIRST_USER_TYPE = 64

// A normal stream has one type with six fields. Without limits, a frame full of definitions would cost quadratic time.
const MAX_DEFINITIONS = 8
const MAX_FIELDS = 64

/** The number of our one type per stream. OpenIM: uses 65; any user type number is valid. */
const OUR_TYPE = 65

type Value = number | string | Uint8Array
type FieldType = typeof GobType.Int | typeof GobType.String | typeof GobType.Bytes

interface Field<T> {
  /** Go's name of the field, ASCII. */
  name: string
  key: keyof T & string
  type: FieldType
}

// In the order of OpenIM's own structs: the encoder writes this order, and the decoder tries it first.
const REQUEST_FIELDS: readonly Field<WsRequest>[] = [
  { name: 'ReqIdentifier', key: 'reqIdentifier', type: GobType.Int },
  { name: 'Token', key: 'token', type: GobType.String },
  { name: 'SendID', key: 'sendID', type: GobType.String },
  { name: 'OperationID', key: 'operationID', type: GobType.String },
  { name: 'MsgIncr', key: 'msgIncr', type: GobType.String },
  { name: 'Data', key: 'data', type: GobType.Bytes },
]

const RESPONSE_FIELDS: readonly Field<WsResponse>[] = [
  { name: 'ReqIdentifier', key: 'reqIdentifier', type: GobType.Int },
  { name: 'MsgIncr', key: 'msgIncr', type: GobType.String },
  { name: 'OperationID', key: 'operationID', type: GobType.String },
  { name: 'ErrCode', key: 'errCode', type: GobType.Int },
  { name: 'ErrMsg', key: 'errMsg', type: GobType.String },
  { name: 'Data', key: 'data', type: GobType.Bytes },
]

const utf8 = new TextEncoder()

const EMPTY = new Uint8Array()

/** A struct type that the stream defines. */
interface Definition {
  id: number
  /** Gob type of each field. */
  types: number[]
  /** For each field of the definition, its index in our fields; −1 for an unknown field. */
  ours: number[]
}

// A BOM at the start of a text is part of the text.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads one frame from front to back. No read leaves the frame, even when the frame claims wrong lengths. */
class GobReader {
  readonly #bytes: Uint8Array
  #at = 0
  /** The end of the current message. */
  #end: number

  constructor(frame: Uint8Array) {
    this.#bytes = frame
    this.#end = frame.length
  }

  readStream<T>(fields: readonly Field<T>[], target: T): void {
    const definitions: Definition[] = []
    for (;;) {
      this.#enterMessage()
      const id = this.#int()
      if (id >= 0) {
        const definition = definitions.find((known) => known.id === id)
        if (!definition) throw new FrameError(`the gob value is of type ${id}, which the frame does not define`)
        this.#readValue(definition, fields, target)
        this.#leaveMessage()
        if (this.#at < this.#bytes.length) throw new FrameError('bytes follow the gob value')
        return
      }
      if (-id < FIRST_USER_TYPE) throw new FrameError(`gob type ${-id} is builtin and cannot be defined`)
      if (definitions.some((known) => known.id === -id)) throw new FrameError(`gob type ${-id} is defined twice`)
      if (definitions.length === MAX_DEFINITIONS) throw new FrameError('the frame defines too many gob types')
      definitions.push(this.#readDefinition(-id, fields))
      this.#leaveMessage()
    }
  }

  #enterMessage(): void {
    this.#end = this.#bytes.length
    const length = this.#uint()
    if (length > this.#end - this.#at) throw new FrameError('the frame ends inside a gob message')
    this.#end = this.#at + length
  }

  #leaveMessage(): void {
    if (this.#at !== this.#end) throw new FrameError('a gob message is longer than what it holds')
  }

  /**
   * Reads wireType{ 2: StructT{ 0: CommonType{0: Name, 1: Id}, 1: Field[]{0: Name, 1: Id} } }. The name of the type and
   * the inner Id are ignored.
   */
  #readDefinition(id: number, fields: readonly Field<never>[]): Definition {
    const definition: Definition = { id, types: [], ours: [] }
    if (this.#uint() !== 3) throw new FrameError('the frame defines a gob type that is no struct')
    let index = this.#nextField(-1)
    if (index === 0) {
      for (let part = this.#nextField(-1); part >= 0; part = this.#nextField(part)) {
        if (part === 0) this.#skip(GobType.String)
        else if (part === 1) this.#skip(GobType.Int)
        else throw new FrameError('a gob type definition has an unknown part')
      }
      index = this.#nextField(index)
    }
    if (index === 1) {
      this.#readFields(definition, fields)
      index = this.#nextField(index)
    }
    if (index >= 0) throw new FrameError('a gob struct definition has an unknown part')
    if (this.#uint() !== 0) throw new FrameError('a gob type definition goes on after its struct')
    return definition
  }

  #readFields(definition: Definition, fields: readonly Field<never>[]): void {
    const count = this.#uint()
    if (count > MAX_FIELDS) throw new FrameError('a gob struct has too many fields')
    for (let i = 0; i < count; i++) {
      let ours = -1
      let type = 0
      for (let part = this.#nextField(-1); part >= 0; part = this.#nextField(part)) {
        if (part === 0) ours = this.#matchName(fields, i)
        else if (part === 1) type = this.#int()
        else throw new FrameError('a gob field definition has an unknown part')
      }
      const known = fields[ours]
      if (known && known.type !== type) throw new FrameError(`gob field ${known.name} has the wrong type`)
      definition.types.push(type)
      definition.ours.push(ours)
    }
  }

  #matchName(fields: readonly Field<never>[], likely: number): number {
    const length = this.#length()
    const start = this.#at
    this.#at += length
    if (this.#nameIs(fields[likely]?.name, start, length)) return likely
    return fields.findIndex((field) => this.#nameIs(field.name, start, length))
  }

  #nameIs(name: string | undefined, start: number, length: number): boolean {
    if (name?.length !== length) return false
    for (let i = 0; i < length; i++) if (name.charCodeAt(i) !== this.#bytes[start + i]) return false
    return true
  }

  #readValue<T>(definition: Definition, fields: readonly Field<T>[], target: T): void {
    if (definition.ours.every((ours) => ours < 0)) throw new FrameError('the gob struct has none of our fields')
    const out = target as Record<string, Value>
    for (let index = this.#nextField(-1); index >= 0; index = this.#nextField(index)) {
      const type = definition.types[index]
      if (type === undefined) throw new FrameError('a gob value has more fields than its type')
      const field = fields[definition.ours[index] as number]
      if (!field) this.#skip(type)
      else if (type === GobType.Int) out[field.key] = this.#int32(field.name)
      else if (type === GobType.String) out[field.key] = this.#text(field.name)
      else out[field.key] = this.#take(this.#length())
    }
  }

  /** Index of the next field of a struct, or −1 at its end. */
  #nextField(index: number): number {
    const distance = this.#uint()
    return distance === 0 ? -1 : index + distance
  }

  #skip(type: number): void {
    switch (type) {
      case GobType.Bool:
      case GobType.Int:
      case GobType.Uint:
      case GobType.Float:
        this.#uint()
        return
      case GobType.Complex:
        this.#uint()
        this.#uint()
        return
      case GobType.Bytes:
      case GobType.String:
        this.#take(this.#length())
        return
      default:
        throw new FrameError(`a gob field is of type ${type}, which an envelope does not hold`)
    }
  }

  #int32(name: string): number {
    const value = this.#int()
    if (value < INT32_MIN || value > INT32_MAX) throw new FrameError(`gob field ${name} is beyond 32 bits`)
    return value
  }

  #text(name: string): string {
    const bytes = this.#take(this.#length())
    try {
      return strictUtf8.decode(bytes)
    } catch {
      throw new FrameError(`gob field ${name} is not UTF-8`)
    }
  }

  #take(length: number): Uint8Array {
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  /** Reads a length and checks that the current message can hold it. */
  #length(): number {
    const length = this.#uint()
    if (length > this.#end - this.#at) throw new FrameError('a gob text or byte string is longer than its message')
    return length
  }

  #int(): number {
    const coded = this.#uint()
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
  }

  /** Exact up to 2^53. Larger numbers are inexact, but the range checks reject them anyway. */
  #uint(): number {
    const first = this.#byte()
    if (first < 128) return first
    const size = 256 - first
    if (size > 8) throw new FrameError('a gob number is longer than 8 bytes')
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.#byte()
    return value
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new FrameError('the frame ends inside a gob number')
    return this.#bytes[this.#at++] as number
  }
}

function encodeStream<T>(definition: Uint8Array, fields: readonly Field<T>[], value: T): Uint8Array {
  const source = value as Record<string, Value>
  const encoded: (number | Uint8Array)[] = []
  let length = intSize(OUR_TYPE) + 1
  let last = -1
  for (const [index, { key }] of fields.entries()) {
    const given = source[key] as Value
    const part = typeof given === 'string' ? utf8.encode(given) : given
    encoded.push(part)
    if (isZero(part)) continue
    length += uintSize(index - last) + (typeof part === 'number' ? intSize(part) : uintSize(part.length) + part.length)
    last = index
  }
  const writer = new GobWriter(definition.length + uintSize(length) + length)
  writer.bytes(definition)
  writer.uint(length)
  writer.int(OUR_TYPE)
  last = -1
  for (const [index, part] of encoded.entries()) {
    if (isZero(part)) continue
    writer.uint(index - last)
    last = index
    if (typeof part === 'number') writer.int(part)
    else writer.counted(part)
  }
  writer.uint(0)
  return writer.frame
}

/** Whether a value is a zero value, which is not written. An empty byte string is one, too. */
function isZero(part: number | Uint8Array): boolean {
  return typeof part === 'number' ? part === 0 : part.length === 0
}

function encodeDefinition(typeName: string, fields: readonly Field<never>[]): Uint8Array {
  const name = utf8.encode(typeName)
  // Larger than any definition here; it is cut to size below. Names are short, so every count is one byte.
  const body = new GobWriter(256)
  body.int(-OUR_TYPE)
  for (const step of [3, 1, 1]) body.uint(step)
  body.counted(name)
  body.uint(1)
  body.int(OUR_TYPE)
  body.uint(0)
  body.uint(1)
  body.uint(fields.length)
  for (const field of fields) {
    body.uint(1)
    body.counted(utf8.encode(field.name))
    body.uint(1)
    body.int(field.type)
    body.uint(0)
  }
  body.uint(0)
  body.uint(0)
  const message = new GobWriter(uintSize(body.length) + body.length)
  message.counted(body.frame.subarray(0, body.length))
  return message.frame
}

class GobWriter {
  readonly frame: Uint8Array
  length = 0

  constructor(size: number) {
    this.frame = new Uint8Array(size)
  }

  bytes(bytes: Uint8Array): void {
    this.frame.set(bytes, this.length)
    this.length += bytes.length
  }

  counted(bytes: Uint8Array): void {
    this.uint(bytes.length)
    this.bytes(bytes)
  }

  int(value: number): void {
    this.uint(zigzag(value))
  }

  uint(value: number): void {
    if (value < 128) {
      this.frame[this.length++] = value
      return
    }
    const size = uintSize(value) - 1
    this.frame[this.length] = 256 - size
    let rest = value
    for (let at = this.length + size; at > this.length; at--) {
      this.frame[at] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.length += 1 + size
  }
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : (-value - 1) * 2 + 1
}

function intSize(value: number): number {
  return uintSize(zigzag(value))
}

function uintSize(value: number): number {
  if (value < 128) return 1
  let size = 1
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) size++
  return size
}

// Encoded once, when this module loads. So they must stand after everything that they use.
const REQUEST_DEFINITION = encodeDefinition('GeneralWsReq', REQUEST_FIELDS)
const RESPONSE_DEFINITION = encodeDefinition('Resp', RESPONSE_FIELDS)
