import { annotateTrace } from '../../../platform/observability/trace.ts'
import {
  type Envelope,
  envelopeFor,
  FrameError,
  FrameTooLarge,
  type WsRequest,
  withinLimit,
} from '../../../protocol/envelope/index.ts'
import { pongFor } from '../../../protocol/envelope/ping.ts'
import { ERRORS, ImError } from '../../../protocol/errors.ts'
import type { UserCore } from '../user-core.ts'
import { handlerOf } from './request-handlers.ts'

const EMPTY = new Uint8Array()

/**
 * Handles one frame from a device. A frame that cannot be decoded closes the connection, as clients expect. A request
 * that fails is answered with an error. Other sockets are never affected.
 */
export async function receiveFrame(user: UserCore, socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
  if (typeof frame === 'string') {
    receiveText(user, socket, frame)
    return
  }
  const device = user.devices.of(socket)
  const envelope = envelopeFor(device.sdkType, device.compression)
  const request = readRequest(user, socket, envelope, new Uint8Array(frame))
  if (!request) return
  const handler = handlerOf(request.reqIdentifier)
  if (!handler) {
    user.devices.close(socket, ERRORS.ArgsError.code, `the reqIdentifier ${request.reqIdentifier} is unknown`)
    return
  }
  const { reqIdentifier, msgIncr, operationID } = request
  annotateTrace({ operationID, reqIdentifier })
  try {
    limitRate(user, socket)
    const { data, after } = await handler(user, socket, request)
    try {
      user.devices.reply(socket, { reqIdentifier, msgIncr, operationID, errCode: 0, errMsg: '', data })
    } finally {
      after?.()
    }
  } catch (error) {
    const { code, errMsg, errDlt } = asImError(user, error, request)
    // The socket's envelope has no field for the detail, so the detail follows the name.
    const text = errDlt === '' ? errMsg : `${errMsg}: ${errDlt}`
    user.devices.reply(socket, { reqIdentifier, msgIncr, operationID, errCode: code, errMsg: text, data: EMPTY })
  }
}

function limitRate(user: UserCore, socket: WebSocket): void {
  const perMinute = user.config.requestsPerMinute
  if (user.requestRate.take(socket, perMinute, user.now())) return
  throw ImError.tooManyRequests(`a connection may make at most ${perMinute} requests per minute`)
}

function readRequest(user: UserCore, socket: WebSocket, envelope: Envelope, frame: Uint8Array): WsRequest | null {
  try {
    const request = envelope.decode(frame)
    if (request.sendID === user.userID) return request
    user.devices.close(socket, ERRORS.ArgsError.code, "the frame's sendID is not the user of this connection")
  } catch (error) {
    refuseFrame(user, socket, error)
  }
  return null
}

function refuseFrame(user: UserCore, socket: WebSocket, error: unknown): void {
  if (!(error instanceof FrameError)) throw error
  const { code } = ERRORS.ArgsError
  if (error instanceof FrameTooLarge) user.devices.closeTooLarge(socket, code, error.message)
  else user.devices.close(socket, code, error.message)
}

/** Handles text frames, except the JS SDK's ping, which the runtime answers without waking this object. */
function receiveText(user: UserCore, socket: WebSocket, text: string): void {
  try {
    withinLimit(text)
  } catch (error) {
    refuseFrame(user, socket, error)
    return
  }
  const pong = pongFor(text)
  if (pong !== null) socket.send(pong)
  else if (!isPong(text))
    user.devices.close(
      socket,
      ERRORS.ArgsError.code,
      'a text frame must be a ping or a pong; requests are binary frames',
    )
}

function isPong(text: string): boolean {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type === 'pong'
  } catch {
    return false
  }
}

function asImError(user: UserCore, error: unknown, { operationID, reqIdentifier }: WsRequest): ImError {
  if (error instanceof ImError) return error
  user.log.error('socket request failed', error, { operationID, reqIdentifier })
  return ImError.internal('the request could not be completed; try again')
}
