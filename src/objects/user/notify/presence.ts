import type { OnlineConnection } from '../../../contracts/user.ts'
import { WsRequestID } from '../../../protocol/constants/ws-request.ts'
import { SubUserOnlineStatusTips } from '../../../protocol/proto/index.ts'
import type { UserCore } from '../user-core.ts'

/*
 * This user's presence, and the presence of others that reaches this user's devices. Subscriptions are made in
 * `subscribe-presence.ts`.
 */

/** The platforms on which the user has a connection, each once; silent connections are closed first. */
export function onlinePlatforms(user: UserCore): number[] {
  closeSilentDevices(user)
  return connectedPlatforms(user)
}

/** Every connection of the user, by platform; silent connections are closed first. */
export function onlineConnections(user: UserCore): OnlineConnection[] {
  closeSilentDevices(user)
  return user.devices
    .open()
    .map(({ device: { platformID, connID, isBackground, token } }) => ({ platformID, connID, isBackground, token }))
    .sort((a, b) => a.platformID - b.platformID)
}

/** Closes dead connections when presence is read: a timer for this would be billed all day. */
function closeSilentDevices(user: UserCore): void {
  if (user.devices.closeSilent(user.now())) user.waitUntil(announcePresence(user))
}

function connectedPlatforms(user: UserCore): number[] {
  return [...new Set(user.devices.open().map(({ device }) => device.platformID))].sort((a, b) => a - b)
}

/** Reports the user's platforms to every presence subscriber; null when there is no subscriber. */
export function announcePresence(user: UserCore): Promise<void> | null {
  const subscribers = user.presence.subscribers()
  return subscribers.length > 0 ? notifySubscribers(user, subscribers) : null
}

async function notifySubscribers(user: UserCore, subscribers: readonly string[]): Promise<void> {
  const calls = subscribers.map((subscriber) =>
    user.presence.notifySubscriber(subscriber, user.userID, () => connectedPlatforms(user)),
  )
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'rejected') user.log.error('presence notification failed', result.reason)
  }
}

/**
 * Pushes another user's new presence to the connections that subscribe to it.
 * @returns whether any open connection does
 */
export function presenceChanged(user: UserCore, userID: string, platformIDs: number[]): boolean {
  const connIDs = user.presence.connectionsSubscribedTo(userID)
  const data = SubUserOnlineStatusTips.encode({ subscribers: [{ userID, onlinePlatformIDs: platformIDs }] }).finish()
  let isInterested = false
  for (const { socket, device } of user.devices.open()) {
    if (!connIDs.has(device.connID)) continue
    isInterested = true
    user.devices.reply(socket, {
      reqIdentifier: WsRequestID.SubUserOnlineStatus,
      msgIncr: '',
      operationID: '',
      errCode: 0,
      errMsg: '',
      data,
    })
  }
  return isInterested
}
