import type { DeliveredMessage } from '../../../contracts/messages.ts'
import { notificationTwin } from '../../../protocol/conversation-id.ts'
import { encodePushMessages } from '../../../protocol/push-messages.ts'
import { maxOnlinePushWaitMs } from '../../../webhook/before-push.ts'
import type { Device } from '../state/devices.ts'
import type { OutgoingMessage } from '../state/reorder-buffer.ts'
import type { UserCore } from '../user-core.ts'

/**
 * How long a message waits for a lower seq that arrives on another path, in addition to the time limit of before-push
 * webhooks; ms.
 */
const MAX_WAIT_MS = 2_000

/** Pushes stored messages to the user's sockets in the order of their seqs. A message that is early waits. */
export function pushInSeqOrder(user: UserCore, conversationID: string, messages: readonly OutgoingMessage[]): void {
  pushToDevices(user, conversationID, user.reorderBuffer.take(conversationID, messages))
  if (!user.reorderBuffer.isWaiting(conversationID)) return
  const waitMs = MAX_WAIT_MS + maxOnlinePushWaitMs(user.config)
  setTimeout(() => pushToDevices(user, conversationID, user.reorderBuffer.flushOverdue(conversationID)), waitMs)
}

/**
 * Pushes the waiting messages of both logs and restarts their order. A user who joins a group again never gets the
 * messages sent in the meantime, so that new messages must not wait for them.
 */
export function restartSeqOrder(user: UserCore, conversationID: string): void {
  for (const logID of [conversationID, notificationTwin(conversationID)]) {
    pushToDevices(user, logID, user.reorderBuffer.flushOverdue(logID))
    user.reorderBuffer.reset(logID)
  }
}

/**
 * Pushes messages at once: new messages in the given order, then redelivered messages. Silent messages are left out.
 */
export function pushToDevices(user: UserCore, conversationID: string, messages: readonly OutgoingMessage[]): void {
  const pushed = messages.filter((message) => !message.silent)
  const isNew = (message: OutgoingMessage) => !message.isRedelivered
  for (const frame of groupIntoFrames(user.userID, pushed.filter(isNew))) {
    const msgs = frame.map((message) => message.msg)
    user.devices.push(encodePushMessages([{ conversationID, msgs }]), frame[0]?.operationID ?? '')
  }
  for (const message of pushed) if (message.isRedelivered) pushRedelivered(user, conversationID, message)
}

/**
 * Pushes a message that some devices may have: after a crash the conversation does not know what it delivered, and not
 * every client drops duplicates. A device that connected later has the message from its sync, unless the message is
 * newer than the sync's answer.
 */
function pushRedelivered(user: UserCore, conversationID: string, { seq, sendTime, msg }: OutgoingMessage): void {
  const cursor = user.cursors.find(conversationID)
  if (cursor && seq < cursor.minSeq) return
  const data = encodePushMessages([{ conversationID, msgs: [msg] }])
  const mayMiss = (device: Device) => device.connectedAt < sendTime || seq > (cursor?.maxSeq ?? 0)
  user.devices.push(data, '', (_socket, device) => mayMiss(device))
}

/**
 * Puts consecutive messages of other users into one frame. Each of the user's own messages gets a separate frame under
 * the operationID of its request: the JS SDK recognizes its own messages by that ID.
 */
function groupIntoFrames(userID: string, messages: readonly DeliveredMessage[]): DeliveredMessage[][] {
  const frames: DeliveredMessage[][] = []
  let open: DeliveredMessage[] | null = null
  for (const message of messages) {
    if (message.sendID === userID) {
      frames.push([message])
      open = null
    } else if (open) {
      open.push(message)
    } else {
      open = [message]
      frames.push(open)
    }
  }
  return frames
}
