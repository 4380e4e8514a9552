import type { PendingRestSend, SessionState } from '../../../contracts/user.ts'
import { displacedBy } from '../../../protocol/multi-login.ts'
import { messageID } from '../../../runtime/ids.ts'
import { sendKickOffWebhook } from '../notify/webhooks.ts'
import type { UserCore } from '../user-core.ts'

/**
 * Puts a newly signed token in force, and kicks the older tokens that the multi-login policy does not allow with it.
 * OpenIM: the sockets of kicked tokens stay open until the new device connects.
 */
export function openSession(user: UserCore, session: { platformID: number; key: string; expiresAt: number }): void {
  const arriving = { platformID: session.platformID, tokenKey: session.key }
  const present = user.sessions.inForce()
  user.sessions.kick(displacedBy(user.config.multiLogin, arriving, present))
  user.sessions.open(session, user.now())
  user.sessions.kick(beyondMaximum(user, session.platformID))
}

/** The oldest tokens of a platform beyond the maximum, which applies under every login policy. */
function beyondMaximum(user: UserCore, platformID: number) {
  return user.sessions
    .inForce()
    .filter((session) => session.platformID === platformID)
    .slice(user.config.maxTokensPerPlatform)
}

/**
 * Checks a token.
 * @param pendingSend the message that the REST call with this token is about to send; recorded when the token is valid
 */
export function sessionState(
  user: UserCore,
  platformID: number,
  key: string,
  pendingSend?: PendingRestSend,
): SessionState {
  const now = user.now()
  const state = user.sessions.state(platformID, key, now)
  if (pendingSend && state === 'normal') user.sendStatus.recordPending(pendingSend, now)
  return state
}

/** Ends every session on one platform. Tokens are kicked before sockets, so that no kicked device reconnects. */
export function forceLogout(user: UserCore, platformID: number): void {
  user.sessions.kickPlatform(platformID)
  for (const { socket, device } of user.devices.open()) {
    if (device.platformID !== platformID) continue
    user.devices.kick(socket, 'the user was logged out by an administrator')
    sendKickOffWebhook(user, device, messageID())
  }
  user.pushBuffer.removeTokens(platformID)
}
