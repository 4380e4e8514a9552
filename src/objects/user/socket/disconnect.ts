import { messageID } from '../../../runtime/ids.ts'
import { announcePresence } from '../notify/presence.ts'
import { sendOfflineWebhook } from '../notify/webhooks.ts'
import type { UserCore } from '../user-core.ts'

/** A device has closed its socket. */
export async function socketClosed(user: UserCore, socket: WebSocket, code: number): Promise<void> {
  // The runtime leaves the close frame of a hibernating socket to this object; the client would wait for it.
  user.devices.answerClose(socket, code)
  await removeConnection(user, socket)
}

/** A socket broke without a close frame; its device reconnects and syncs. */
export async function socketFailed(user: UserCore, socket: WebSocket, error: unknown): Promise<void> {
  user.log.debug('socket failed', { error: String(error) })
  await removeConnection(user, socket)
}

async function removeConnection(user: UserCore, socket: WebSocket): Promise<void> {
  user.presence.removeConnection(user.devices.of(socket).connID)
  sendOfflineWebhook(user, socket, messageID())
  await announcePresence(user)
}
