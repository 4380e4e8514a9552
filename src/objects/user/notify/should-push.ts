import type { Delivery, PushCheck } from '../../../contracts/user.ts'
import { ReceiveOption } from '../../../protocol/constants/receive-option.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { countsOnBadge, wantsOfflinePush } from '../../../push/compose-push.ts'
import type { UserCore } from '../user-core.ts'

/*
 * Offline push starts here, in the receiver's object: this file decides whether a message needs a push. Then
 * `state/push-buffer.ts` joins bursts, and `state/push-state.ts` keeps the badge and the pushed seqs.
 * `src/push/enqueue.ts` fills the `push` queue. The queue's consumer, `src/jobs/push-jobs.ts`, composes each push and
 * sends it to the provider with `src/push/`.
 */

/**
 * Starts an offline push for delivered messages, unless a phone of the user is online. Nothing is awaited, and an error
 * is only logged, so that the delivery never fails because of it.
 */
export function pushOffline(user: UserCore, delivery: Delivery): void {
  if (!user.pushBuffer.isOn) return
  try {
    if (user.devices.hasListeningPhone(user.now())) return
    const { conversationID, home, about, messages } = delivery
    const unpushed = messages.filter(
      ({ seq, sendID, silent }) => !silent && sendID !== user.userID && !user.pushState.hasPushed(conversationID, seq),
    )
    if (unpushed.length === 0 || isMuted(user, { conversationID, home, sessionType: about.sessionType })) return
    for (const { seq, operationID, msg } of unpushed) {
      const data = MsgData.decode(msg)
      if (!wantsOfflinePush(data)) continue
      const message = { operationID, conversationID, home, msg }
      user.pushBuffer.add({ seq, message, countsOnBadge: countsOnBadge(data) })
    }
  } catch (error) {
    const { conversationID, messages } = delivery
    const operationID = messages[0]?.operationID ?? ''
    user.log.error('offline push failed', error, { operationID, conversationID })
  }
}

/**
 * Claims the offline push for a message that was not delivered here, because the user is an offline member of a large
 * group. A repeated call for the same message gets the same answer, and raises the badge once.
 * @returns the number for the badge; null when the user gets no push
 */
export function claimOfflinePush(user: UserCore, check: PushCheck): number | null {
  if (user.devices.hasListeningPhone(user.now()) || isMuted(user, check)) return null
  const { conversationID, seq } = check
  if (!user.pushState.hasPushed(conversationID, seq)) {
    user.pushState.recordPush(conversationID, seq, check.countsOnBadge ? 1 : 0)
    user.pushState.save()
  }
  return user.pushState.shownBadge(check.countsOnBadge)
}

/**
 * Whether the user has muted the conversation, or all conversations. Notifications from the service cannot be muted.
 * OpenIM: the option for all conversations does not apply to groups; users mute groups one by one.
 */
function isMuted(user: UserCore, { conversationID, home, sessionType }: MuteCheck): boolean {
  if (sessionType !== SessionType.Group && isNotificationConversation(conversationID)) return false
  const [conversation] = user.conversations.list([home])
  if (conversation && conversation.recvMsgOpt !== ReceiveOption.Notify) return true
  return sessionType === SessionType.Single && user.pushState.globalRecvMsgOpt !== ReceiveOption.Notify
}

type MuteCheck = Pick<PushCheck, 'conversationID' | 'home' | 'sessionType'>
