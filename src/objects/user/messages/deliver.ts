import type { DeliveredMessage, News } from '../../../contracts/messages.ts'
import type { Delivery, DeliveryResult } from '../../../contracts/user.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isNotificationConversation, notificationTwin } from '../../../protocol/conversation-id.ts'
import { encodePushMessages } from '../../../protocol/push-messages.ts'
import { maxOnlinePushWaitMs } from '../../../webhook/before-push.ts'
import { ensureConversation } from '../conversations/begin-conversation.ts'
import { pushOffline } from '../notify/should-push.ts'
import type { Device } from '../state/devices.ts'
import type { UserCore } from '../user-core.ts'
import { applyGroupBounds, isRejoining } from './group-bounds.ts'

/** How long a message waits for one with a lower seq that is on another way, beside what the app may think about it. */
const MAX_WAIT_MS = 2_000

/**
 * Takes over messages that a conversation hands to this user: marks the log as having news, so that an absent device
 * learns of them at its next sync, and pushes them to the devices that are here. Storing is the conversation's job.
 */
export function deliver(user: UserCore, delivery: Delivery): DeliveryResult {
  const { conversationID, messages } = delivery
  if (delivery.bounds) {
    if (isRejoining(user, conversationID, delivery.bounds)) startAnew(user, conversationID)
    applyGroupBounds(user, delivery, delivery.bounds)
  }
  const stored = messages.filter((message) => message.seq > 0)
  const first = stored[0]
  if (first) markUnread(user, delivery, first.sendID)
  if (stored.length < messages.length) {
    push(
      user,
      conversationID,
      messages.filter((message) => message.seq === 0),
    )
  }
  pushStored(user, delivery, delivery.redelivered ? stored.map(asRedelivered) : stored)
  pushOffline(user, delivery)
  return receptionOf(user, conversationID)
}

/** More of a marked log would change nothing for a user who is away and not rung for, if the list has the conversation. */
function receptionOf(user: UserCore, conversationID: string): DeliveryResult {
  if (user.devices.someOpen) return 'listens'
  const isListed = isNotificationConversation(conversationID) || user.conversations.has(conversationID)
  return isListed && user.cursors.isMarkedUnread(conversationID) && !user.pushBuffer.isOn ? 'marked' : 'away'
}

/** What a socket gets, and whether it may have it already. */
export interface Outgoing extends DeliveredMessage {
  redelivered?: boolean
}

const asRedelivered = (message: DeliveredMessage): Outgoing => ({ ...message, redelivered: true })

/**
 * Nothing is known of the order of a log after a wake. When a message of the user's own is on its way into it, that one
 * may come before these: they wait until it is known.
 */
function pushStored(user: UserCore, { conversationID, home }: Delivery, messages: readonly Outgoing[]): void {
  const mayBeEarly = conversationID === home && !user.reorderBuffer.hasSeen(conversationID) && user.outbox.busy(home)
  if (mayBeEarly) user.outbox.afterNext(home, () => pushInOrder(user, conversationID, messages))
  else pushInOrder(user, conversationID, messages)
}

/** Pushes stored messages by their seqs; one that came too early waits a moment for the others. */
export function pushInOrder(user: UserCore, conversationID: string, messages: readonly Outgoing[]): void {
  push(user, conversationID, user.reorderBuffer.take(conversationID, messages))
  if (!user.reorderBuffer.isWaiting(conversationID)) return
  const waitMs = MAX_WAIT_MS + maxOnlinePushWaitMs(user.config)
  setTimeout(() => push(user, conversationID, user.reorderBuffer.flushOverdue(conversationID)), waitMs)
}

/** What both logs are missing will not come: what is here goes out, and the next messages wait for nothing. */
function startAnew(user: UserCore, conversationID: string): void {
  for (const logID of [conversationID, notificationTwin(conversationID)]) {
    push(user, logID, user.reorderBuffer.flushOverdue(logID))
    user.reorderBuffer.reset(logID)
  }
}

function push(user: UserCore, conversationID: string, messages: readonly Outgoing[]): void {
  const fresh = messages.filter((message) => !message.redelivered && !message.silent)
  for (const run of runsForOneFrame(user.userID, fresh)) {
    const msgs = run.map((message) => message.msg)
    user.devices.push(encodePushMessages([{ conversationID, msgs }]), run[0]?.operationID ?? '')
  }
  for (const message of messages) if (message.redelivered && !message.silent) pushAgain(user, conversationID, message)
}

/**
 * After a crash nobody knows what was delivered, so it is delivered again; clients do not all drop what they have. A
 * device that connected later than the message has heard of it by its sync, unless the sync did not know of it either.
 */
function pushAgain(user: UserCore, conversationID: string, { seq, sendTime, msg }: Outgoing): void {
  const mark = user.cursors.find(conversationID)
  if (mark && seq < mark.minSeq) return
  const data = encodePushMessages([{ conversationID, msgs: [msg] }])
  const isNews = (device: Device) => device.connectedAt < sendTime || seq > (mark?.maxSeq ?? 0)
  user.devices.push(data, '', (_socket, device) => isNews(device))
}

/** Marks a log as having news, and creates the conversation with its first message. */
export function markUnread(user: UserCore, { conversationID, home, about }: News, sendID: string): void {
  // A notification account has no list of all those it ever wrote to: only its readers have the conversation.
  const isOwnChannel = about.sessionType === SessionType.Notification && sendID === user.userID
  if (isOwnChannel && about.peerUserID !== user.userID) return
  user.cursors.markUnread(conversationID, home)
  if (!isNotificationConversation(conversationID)) ensureConversation(user, conversationID, about)
}

/**
 * Messages of others share a frame. The user's own go one to a frame, each under the operationID of its request: by
 * that the JS SDK tells an echo of its own doing from news.
 */
function runsForOneFrame(userID: string, messages: DeliveredMessage[]): DeliveredMessage[][] {
  const runs: DeliveredMessage[][] = []
  let open: DeliveredMessage[] | null = null
  for (const message of messages) {
    if (message.sendID === userID) {
      runs.push([message])
      open = null
    } else if (open) {
      open.push(message)
    } else {
      open = [message]
      runs.push(open)
    }
  }
  return runs
}
