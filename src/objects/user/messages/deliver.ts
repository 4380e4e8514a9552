import type { DeliveredMessage, LogUpdate } from '../../../contracts/messages.ts'
import type { Delivery, DeliveryResult } from '../../../contracts/user.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { ensureConversation } from '../conversations/ensure-conversation.ts'
import { applyMention } from '../conversations/mentions.ts'
import { noteForSelfDestruct } from '../conversations/self-destruct.ts'
import { pushOffline } from '../notify/should-push.ts'
import type { OutgoingMessage } from '../state/reorder-buffer.ts'
import type { UserCore } from '../user-core.ts'
import { applyGroupBounds, isRejoining } from './group-bounds.ts'
import { pushHeld, pushInSeqOrder, pushToDevices, restartSeqOrder } from './push-to-devices.ts'

/**
 * Receives messages from a conversation. Marks the log as unread, so that an offline device gets the messages at its
 * next sync, and pushes the messages to the online devices. The conversation stores the messages.
 */
export function deliver(user: UserCore, delivery: Delivery): DeliveryResult {
  const { conversationID, messages } = delivery
  if (delivery.bounds) {
    if (isRejoining(user, conversationID, delivery.bounds)) restartSeqOrder(user, conversationID)
    applyGroupBounds(user, delivery, delivery.bounds)
  }
  const stored = messages.filter((message) => message.seq > 0)
  const first = stored[0]
  if (first) {
    markUnread(user, delivery, first.sendID)
    noteForSelfDestruct(user, conversationID, first.sendTime)
  }
  if (stored.length < messages.length) {
    pushToDevices(
      user,
      conversationID,
      messages.filter((message) => message.seq === 0),
    )
  }
  if (delivery.expectFrom !== undefined) expectFrom(user, conversationID, delivery.expectFrom)
  pushStored(user, delivery, delivery.redelivered ? stored.map(asRedelivered) : stored)
  for (const { seq, groupAtType } of stored) {
    // An offline user gets the mention with the next sync, which asks the logs that are marked unread.
    if (groupAtType !== undefined && user.devices.isOnline) applyMention(user, conversationID, { seq, groupAtType })
  }
  pushOffline(user, delivery)
  return deliveryResultOf(user, conversationID)
}

/**
 * Lets the conversation skip further deliveries ("marked") when they would change nothing: the user is offline, the log
 * is marked unread, the conversation is on the list, and offline push is off.
 */
function deliveryResultOf(user: UserCore, conversationID: string): DeliveryResult {
  if (user.devices.isOnline) return 'online'
  const isListed = isNotificationConversation(conversationID) || user.conversations.has(conversationID)
  // The alarm of a self-destructing message needs each delivery.
  if (user.selfDestructs.get(conversationID)) return 'offline'
  return isListed && user.cursors.isMarkedUnread(conversationID) && !user.pushBuffer.isOn ? 'marked' : 'offline'
}

const asRedelivered = (message: DeliveredMessage): OutgoingMessage => ({ ...message, isRedelivered: true })

/**
 * After a hibernation the order of a log is unknown. A message of the user's own that is in flight to the log may have
 * a lower seq than these messages. They wait until its seq is known.
 */
function pushStored(user: UserCore, { conversationID, home }: Delivery, messages: readonly OutgoingMessage[]): void {
  const mayBeEarly =
    conversationID === home && !user.reorderBuffer.hasSeen(conversationID) && user.outbox.hasUnfinished(home)
  if (!mayBeEarly) {
    pushInSeqOrder(user, conversationID, messages)
    return
  }
  user.reorderBuffer.hold(conversationID, messages)
  user.outbox.runAfterNext(home, () => pushHeld(user, conversationID))
}

/**
 * Lets later messages of a log wait for a seq that arrives another way. Ignored while the user is offline, and for a seq
 * that was passed on before a reset: it never arrives again.
 */
export function expectFrom(user: UserCore, conversationID: string, seq: number): void {
  const { devices, reorderBuffer } = user
  if (devices.isOnline && seq > reorderBuffer.highestSeq(conversationID)) reorderBuffer.expectFrom(conversationID, seq)
}

/** Marks a log as unread, and creates the conversation with its first message. */
export function markUnread(user: UserCore, { conversationID, home, about }: LogUpdate, sendID: string): void {
  // A notification account does not list the conversations that it writes to: only the receivers have them.
  const isOwnNotification = about.sessionType === SessionType.Notification && sendID === user.userID
  if (isOwnNotification && about.peerUserID !== user.userID) return
  user.cursors.markUnread(conversationID, home)
  if (!isNotificationConversation(conversationID)) ensureConversation(user, conversationID, about)
}
