import { platformName } from '../../../protocol/constants/platform.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import type { Device } from '../state/devices.ts'
import type { UserCore } from '../user-core.ts'

/*
 * After-webhooks for the first connection and the last connection of a user on a platform, and for kicked devices. They
 * are sent in the background, so that no connection waits for them.
 */

/**
 * Whether the next device on this platform sends the online webhook: the webhook is on, and the user has no connection
 * there. Must be called before the device is accepted.
 */
export function isFirstOnPlatform(user: UserCore, platformID: number): boolean {
  return user.config.webhooks.afterUserOnline !== undefined && !isOnline(user, platformID)
}

export function sendOnlineWebhook(user: UserCore, device: Device, operationID: string): void {
  const { platformID, isBackground, connID } = device
  const fields = { ...statusFields(user, platformID, operationID), isAppBackground: isBackground, connID }
  void sendAfterWebhook(user.webhookContext(operationID), 'afterUserOnline', fields)
}

/** Sockets whose end was reported: the runtime may report an end twice. */
const closedSockets = new WeakSet<WebSocket>()

export function sendOfflineWebhook(user: UserCore, socket: WebSocket, operationID: string): void {
  if (!user.config.webhooks.afterUserOffline || closedSockets.has(socket)) return
  closedSockets.add(socket)
  const { platformID, connID } = user.devices.of(socket)
  if (isOnline(user, platformID)) return
  const fields = { ...statusFields(user, platformID, operationID), connID }
  void sendAfterWebhook(user.webhookContext(operationID), 'afterUserOffline', fields)
}

export function sendKickOffWebhook(user: UserCore, { platformID }: { platformID: number }, operationID: string): void {
  if (!user.config.webhooks.afterUserKickOff) return
  void sendAfterWebhook(
    user.webhookContext(operationID),
    'afterUserKickOff',
    statusFields(user, platformID, operationID),
  )
}

function isOnline(user: UserCore, platformID: number): boolean {
  return user.devices.open().some(({ device }) => device.platformID === platformID)
}

function statusFields(user: UserCore, platformID: number, operationID: string) {
  // OpenIM: `seq` is the current time.
  return { operationID, platformID, platform: platformName(platformID), userID: user.userID, seq: user.now() }
}
