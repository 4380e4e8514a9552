import { FrameError, INT32_MAX, INT32_MIN, type WsRequest, type WsResponse } from './frame.ts'

/*
 * The envelope of the pure JavaScript SDK: a binary frame of UTF-8 JSON, with the payload as standard base64.
 */

/**
 * Decodes a request. A field that is absent or null gets its zero value.
 * @throws FrameError when the frame is not exactly one request
 */
export function decodeJsonRequest(frame: Uint8Array): WsRequest {
  const fields = parseObject(frame)
  return {
    reqIdentifier: int32(fields, 'reqIdentifier'),
    token: text(fields, 'token'),
    sendID: text(fields, 'sendID'),
    operationID: text(fields, 'operationID'),
    msgIncr: text(fields, 'msgIncr'),
    data: base64(fields, 'data'),
  }
}

/** Encodes a reply or push, with the fields in OpenIM's order. Empty data is null, as the SDK expects. */
export function encodeJsonResponse(response: WsResponse): Uint8Array {
  const { reqIdentifier, msgIncr, operationID, errCode, errMsg, data } = response
  const encoded = data.length === 0 ? null : data.toBase64()
  return utf8.encode(JSON.stringify({ reqIdentifier, msgIncr, operationID, errCode, errMsg, data: encoded }))
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type Fields = Readonly<Record<string, unknown>>

function parseObject(frame: Uint8Array): Fields {
  const parsed = parse(frame)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new FrameError('the frame is JSON but no object')
  }
  return parsed as Fields
}

function parse(frame: Uint8Array): unknown {
  let json: string
  try {
    json = strictUtf8.decode(frame)
  } catch {
    throw new FrameError('the frame is not UTF-8')
  }
  try {
    return JSON.parse(json)
  } catch {
    throw new FrameError('the frame is not JSON')
  }
}

function int32(fields: Fields, key: string): number {
  const value = fields[key] ?? 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < INT32_MIN || value > INT32_MAX) {
    throw new FrameError(`${key} is not a 32-bit integer`)
  }
  return value
}

function text(fields: Fields, key: string): string {
  const value = fields[key] ?? ''
  if (typeof value !== 'string') throw new FrameError(`${key} is not a string`)
  return value
}

function base64(fields: Fields, key: string): Uint8Array {
  const encoded = text(fields, key)
  const bytes = decodeBase64(encoded)
  // decodeBase64 rejects other characters but ignores white space: then there are fewer bytes than the length implies.
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0
  if (bytes?.length !== (encoded.length / 4) * 3 - padding) throw new FrameError(`${key} is not standard base64`)
  return bytes
}

function decodeBase64(encoded: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(encoded, { lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}
