import type { WsRequest, WsResponse } from '../../../../src/protocol/envelope/frame.ts'
import { ClientFailure } from '../errors.ts'

/*
 * The envelope of OpenIM's JavaScript SDK: a binary frame of UTF-8 JSON, with the payload as base64. Text frames carry
 * the handshake and pings.
 */

const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodeRequest(request: Omit<WsRequest, 'token'>): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify({ ...request, data: toBase64(request.data) }))
}

export function decodeResponse(frame: ArrayBuffer): WsResponse {
  let fields: Partial<Omit<WsResponse, 'data'>> & { data?: string | null }
  try {
    fields = JSON.parse(text.decode(frame)) as typeof fields
  } catch (error) {
    throw new ClientFailure('network', 'the server sent a frame that is not JSON', 0, { cause: error })
  }
  const { reqIdentifier = 0, msgIncr = '', operationID = '', errCode = 0, errMsg = '', data } = fields
  return { reqIdentifier, msgIncr, operationID, errCode, errMsg, data: fromBase64(data ?? '') }
}

const CHUNK = 0x8000

// Not Uint8Array.toBase64: Node 22 and browsers before 2025 lack it.
function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}

function fromBase64(encoded: string): Uint8Array {
  const binary = atob(encoded)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
