import type { Compression, SdkType } from '../protocol/envelope/index.ts'
import type { ImError } from '../protocol/errors.ts'
import { errorReply, okReply } from '../protocol/reply.ts'

/** A connecting device as the Worker has checked it. The Worker sends this to the user's object with the upgrade. */
export interface AdmittedDevice {
  userID: string
  platformID: number
  tokenKey: string
  /** The whole token: administrators can query the tokens with which a user is online. */
  token: string
  operationID: string
  sdkType: SdkType
  sdkVersion: string
  compression: Compression
  isMsgResp: boolean
}

const HEADER = 'openim-edge-device'

/** The upgrade request to a user's object. Only the Worker can reach an object, so clients cannot forge the header. */
export function upgradeRequest(device: AdmittedDevice): Request {
  // Header values are bytes, and IDs may contain any Unicode text.
  return new Request('https://object/', {
    headers: { Upgrade: 'websocket', [HEADER]: encodeURIComponent(JSON.stringify(device)) },
  })
}

export function admittedDevice(request: Request): AdmittedDevice {
  return JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? '')) as AdmittedDevice
}

/** The first text frame of an accepted connection, which an SDK requests with `isMsgResp`. */
export function handshakeAccepted(): string {
  return JSON.stringify(okReply())
}

/**
 * Refuses a connection in the form that the client can read. A browser cannot read the body of a failed upgrade, so a
 * client that sent `isMsgResp` gets the upgrade and the error as the first text frame. Other clients get a plain reply.
 */
export function refuseHandshake(error: ImError, isMsgResp: boolean): Response {
  const text = JSON.stringify(errorReply(error))
  if (!isMsgResp) return new Response(text, { headers: { 'content-type': 'application/json' } })
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.send(text)
  server.close(POLICY_VIOLATION, closeReason(error.code, error.errDlt))
  return new Response(null, { status: 101, webSocket: client })
}

export const POLICY_VIOLATION = 1008

const MAX_REASON_BYTES = 123

/** A close reason: OpenIM's code and a sentence, cut to the size of a close frame. */
export function closeReason(code: number, sentence: string): string {
  const bytes = new TextEncoder().encode(`${code} ${sentence}`)
  if (bytes.length <= MAX_REASON_BYTES) return `${code} ${sentence}`
  // A cut inside a character decodes to U+FFFD at the end, which is removed.
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES - 3)).replace(/\uFFFD$/, '')
}
