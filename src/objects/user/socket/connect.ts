import {
  type AdmittedDevice,
  admittedDevice,
  handshakeAccepted,
  refuseHandshake,
} from '../../../contracts/device-handshake.ts'
import { ImError } from '../../../protocol/errors.ts'
import { displacedBy } from '../../../protocol/multi-login.ts'
import { reconnect } from '../messages/reconnect.ts'
import { announcePresence } from '../notify/presence.ts'
import { isFirstOnPlatform, sendKickOffWebhook, sendOnlineWebhook } from '../notify/webhooks.ts'
import type { UserCore } from '../user-core.ts'

/** Maximum number of open sockets per user. Only a client that never closes its sockets reaches this number. */
const MAX_CONNECTIONS = 100

/**
 * Connects a device, announces the user's presence, and makes deliveries resume if the user was offline. The Worker has
 * checked the token's signature and the arguments; only this object knows whether the token is in force. No row is
 * written unless another device is displaced, so that a storm of reconnects costs only reads.
 */
export function connect(user: UserCore, request: Request): Response {
  const admitted = admittedDevice(request)
  const refusal = refusalOf(user, admitted)
  if (refusal) return refuseHandshake(refusal, admitted.isMsgResp)
  const wasOnline = user.devices.isOnline
  const response = acceptDevice(user, admitted)
  user.waitUntil(announcePresence(user))
  if (!wasOnline) user.waitUntil(reconnect(user))
  return response
}

function acceptDevice(user: UserCore, admitted: AdmittedDevice): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  const isFirst = isFirstOnPlatform(user, admitted.platformID)
  displaceOthers(user, admitted)
  const device = user.devices.accept(server, admitted)
  if (isFirst) sendOnlineWebhook(user, device, admitted.operationID)
  if (admitted.isMsgResp) server.send(handshakeAccepted())
  return new Response(null, { status: 101, webSocket: client })
}

function refusalOf(user: UserCore, { platformID, tokenKey }: { platformID: number; tokenKey: string }): ImError | null {
  const state = user.sessions.state(platformID, tokenKey, user.now())
  if (state === 'kicked') return ImError.tokenKicked('the token was logged out or replaced by a newer login')
  if (state === 'unknown') return ImError.tokenNotExist('the token is not in force; get a new one')
  if (user.devices.open().length >= MAX_CONNECTIONS) {
    return ImError.tooManyConnections(`a user has at most ${MAX_CONNECTIONS} connections`)
  }
  return null
}

function displaceOthers(user: UserCore, arriving: { platformID: number; tokenKey: string; operationID: string }): void {
  const open = user.devices.open().map(({ socket, device }) => ({ socket, ...device }))
  const displaced = displacedBy(user.config.multiLogin, arriving, open)
  if (displaced.length === 0) return
  user.sessions.kick(displaced)
  for (const { socket, ...device } of displaced) {
    user.devices.kick(socket, 'the user logged in on another device')
    sendKickOffWebhook(user, device, arriving.operationID)
  }
}
