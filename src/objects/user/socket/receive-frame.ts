import { annotateTrace } from '../../../platform/observability/trace.ts'
import { type Envelope, envelopeFor, FrameError, type WsRequest } from '../../../protocol/envelope/index.ts'
import { pongFor } from '../../../protocol/envelope/ping.ts'
import { ERRORS, ImError } from '../../../protocol/errors.ts'
import type { UserCore } from '../user-core.ts'
import { handlerOf } from './request-handlers.ts'

const EMPTY = new Uint8Array()

/**
 * One frame from a device. What cannot be understood ends the connection, as clients expect; what can be understood
 * but not done is answered with an error. Another socket never notices.
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
    user.devices.close(socket, ERRORS.ArgsError.code, `request ${request.reqIdentifier} does not exist`)
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
    // The socket's envelope has no field for the detail, so the sentence follows the name.
    const text = errDlt === '' ? errMsg : `${errMsg}: ${errDlt}`
    user.devices.reply(socket, { reqIdentifier, msgIncr, operationID, errCode: code, errMsg: text, data: EMPTY })
  }
}

function limitRate(user: UserCore, socket: WebSocket): void {
  const perMinute = user.config.requestsPerMinute
  if (user.requestRate.take(socket, perMinute, user.now())) return
  throw ImError.tooManyRequests(`a connection may make ${perMinute} requests a minute`)
}

function readRequest(user: UserCore, socket: WebSocket, envelope: Envelope, frame: Uint8Array): WsRequest | null {
  try {
    const request = envelope.decode(frame)
    if (request.sendID === user.userID) return request
    user.devices.close(socket, ERRORS.ArgsError.code, "the frame's sendID is not the user of this connection")
  } catch (error) {
    if (!(error instanceof FrameError)) throw error
    user.devices.close(socket, ERRORS.ArgsError.code, error.message)
  }
  return null
}

/** The JS SDK's own ping is answered by the runtime without waking this object; these are the others. */
function receiveText(user: UserCore, socket: WebSocket, text: string): void {
  const pong = pongFor(text)
  if (pong !== null) socket.send(pong)
  else if (!isPong(text)) user.devices.close(socket, ERRORS.ArgsError.code, 'text frames are for ping and pong only')
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
  user.log.error('a request failed', error, { operationID, reqIdentifier })
  return ImError.internal('the request could not be completed; try again')
}
