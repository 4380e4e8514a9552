import type { Delivery, PushCheck } from '../../../contracts/user.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { countsOnBadge, wantsPush } from '../../../push/compose-push.ts'
import type { UserCore } from '../user-core.ts'

/** recvMsgOpt: messages are received, with a notification. */
const NOTIFY = 0

/**
 * Has the user rung for what was delivered, unless a phone of the user listens. Nothing is awaited, and whatever goes
 * wrong here is no concern of the delivery's.
 */
export function pushOffline(user: UserCore, delivery: Delivery): void {
  if (!user.pushBuffer.isOn) return
  try {
    if (user.devices.phoneListens(user.now())) return
    const { conversationID, home, about, messages } = delivery
    const fresh = messages.filter(
      ({ seq, sendID, silent }) =>
        !silent && sendID !== user.userID && !user.pushState.hasPushedFor(conversationID, seq),
    )
    if (fresh.length === 0 || isMuted(user, { conversationID, home, sessionType: about.sessionType })) return
    for (const { seq, operationID, msg } of fresh) {
      const data = MsgData.decode(msg)
      if (!wantsPush(data)) continue
      const message = { operationID, conversationID, home, msg }
      user.pushBuffer.add({ seq, message, countsOnBadge: countsOnBadge(data) })
    }
  } catch (error) {
    const { conversationID, messages } = delivery
    const operationID = messages[0]?.operationID ?? ''
    user.log.error('an offline push was not made', error, { operationID, conversationID })
  }
}

/**
 * Whether a user who was sent nothing is to be rung for a message, and the number for the badge. Asked again about the
 * same message it answers the same, and counts it once.
 */
export function claimOfflinePush(user: UserCore, question: PushCheck): number | null {
  if (user.devices.phoneListens(user.now()) || isMuted(user, question)) return null
  const { conversationID, seq } = question
  if (!user.pushState.hasPushedFor(conversationID, seq)) {
    user.pushState.recordPush(conversationID, seq, question.countsOnBadge ? 1 : 0)
    user.pushState.save()
  }
  return user.pushState.shownBadge(question.countsOnBadge)
}

/** A logout takes the device's tokens with it. */
export function forgetTokens(user: UserCore, platformID: number): void {
  user.pushBuffer.forgetTokens(platformID)
}

/**
 * Do not disturb. What the service itself says is not subject to it; a group's chat goes by the conversation alone, as
 * in OpenIM, where it lies with the user to mute groups one by one.
 */
function isMuted(user: UserCore, { conversationID, home, sessionType }: Muting): boolean {
  if (sessionType !== SessionType.Group && isNotificationConversation(conversationID)) return false
  const [conversation] = user.conversations.list([home])
  if (conversation && conversation.recvMsgOpt !== NOTIFY) return true
  return sessionType === SessionType.Single && user.pushState.globalRecvMsgOpt !== NOTIFY
}

type Muting = Pick<PushCheck, 'conversationID' | 'home' | 'sessionType'>
