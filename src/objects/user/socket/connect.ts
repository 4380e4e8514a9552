import { admittedDevice, handshakeAccepted, refuseHandshake } from '../../../contracts/device-handshake.ts'
import { ImError } from '../../../protocol/errors.ts'
import { displacedBy } from '../../../protocol/multi-login.ts'
import { isFirstOnPlatform, sendKickOffWebhook, sendOnlineWebhook } from '../notify/webhooks.ts'
import type { UserCore } from '../user-core.ts'

/** More live sockets than this for one user is a client that does not close what it opens. */
const MAX_CONNECTIONS = 100

/**
 * Admits a device: the Worker has checked signature and arguments, only here is it known whether the token is in
 * force. Nothing is written, so that a storm of reconnects costs reads alone, unless the newcomer displaces somebody.
 */
export function connect(user: UserCore, request: Request): Response {
  const admitted = admittedDevice(request)
  const refusal = refusalOf(user, admitted)
  if (refusal) return refuseHandshake(refusal, admitted.isMsgResp)
  const { 0: client, 1: server } = new WebSocketPair()
  const isNews = isFirstOnPlatform(user, admitted.platformID)
  displaceOthers(user, admitted)
  const device = user.devices.accept(server, admitted)
  if (isNews) sendOnlineWebhook(user, device, admitted.operationID)
  if (admitted.isMsgResp) server.send(handshakeAccepted())
  return new Response(null, { status: 101, webSocket: client })
}

function refusalOf(user: UserCore, { platformID, tokenKey }: { platformID: number; tokenKey: string }): ImError | null {
  const state = user.sessions.state(platformID, tokenKey, user.now())
  if (state === 'kicked') return ImError.tokenKicked('the token was logged out or replaced by a newer login')
  if (state === 'unknown') return ImError.tokenNotExist('the token is not one that is in force')
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
