import { platformName } from '../../../protocol/constants/platform.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import type { Device } from '../state/devices.ts'
import type { UserCore } from '../user-core.ts'

/*
 * The app hears when a user comes to a platform and leaves it: with the first connection there and with the last. It is
 * told on the side, so that no connection waits for it.
 */

/** Whether the app wants to hear of a device that is about to be accepted, since it is the first on its platform. */
export function isFirstOnPlatform(user: UserCore, platformID: number): boolean {
  return user.config.webhooks.afterUserOnline !== undefined && !isOnline(user, platformID)
}

export function sendOnlineWebhook(user: UserCore, device: Device, operationID: string): void {
  const { platformID, isBackground, connID } = device
  const fields = { ...statusFields(user, platformID, operationID), isAppBackground: isBackground, connID }
  void sendAfterWebhook(user.webhookContext(operationID), 'afterUserOnline', fields)
}

/** Sockets whose end was noticed: it may be reported twice. */
const gone = new WeakSet<WebSocket>()

export function sendOfflineWebhook(user: UserCore, socket: WebSocket, operationID: string): void {
  if (!user.config.webhooks.afterUserOffline || gone.has(socket)) return
  gone.add(socket)
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
  // OpenIM: `seq` is the clock.
  return { operationID, platformID, platform: platformName(platformID), userID: user.userID, seq: user.now() }
}
