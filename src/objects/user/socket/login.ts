import { displacedBy } from '../../../protocol/multi-login.ts'
import { messageID } from '../../../runtime/ids.ts'
import { forgetTokens } from '../notify/should-push.ts'
import { sendKickOffWebhook } from '../notify/webhooks.ts'
import type { UserCore } from '../user-core.ts'

/**
 * A token was signed for this user: older ones that the policy does not allow beside it are kicked. Their sockets stay
 * until the new device connects, as with OpenIM.
 */
export function openSession(user: UserCore, session: { platformID: number; key: string; expiresAt: number }): void {
  const arriving = { platformID: session.platformID, tokenKey: session.key }
  const present = user.sessions.inForce()
  user.sessions.kick(displacedBy(user.config.multiLogin, arriving, present))
  user.sessions.open(session, user.now())
  user.sessions.kick(overTheCap(user, session.platformID))
}

/** However lenient the policy, a platform keeps only so many tokens: the newest ones. */
function overTheCap(user: UserCore, platformID: number) {
  return user.sessions
    .inForce()
    .filter((session) => session.platformID === platformID)
    .slice(user.config.maxTokensPerPlatform)
}

/** Ends every session on one platform at once: tokens first, so that a kicked device cannot slip back in. */
export function forceLogout(user: UserCore, platformID: number): void {
  user.sessions.kickPlatform(platformID)
  for (const { socket, device } of user.devices.open()) {
    if (device.platformID !== platformID) continue
    user.devices.kick(socket, 'the user was logged out by an administrator')
    sendKickOffWebhook(user, device, messageID())
  }
  forgetTokens(user, platformID)
}
