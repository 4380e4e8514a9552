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
  pushReady(user, conversationID, user.reorderBuffer.take(conversationID, messages))
}

/** Pushes a copy for one device, after the lower seqs that are still on their way. */
export function pushCopy(user: UserCore, conversationID: string, copy: OutgoingMessage): void {
  pushReady(user, conversationID, user.reorderBuffer.takeCopy(conversationID, copy))
}

/** Pushes the messages that were held for a message of the user's own. */
export function pushHeld(user: UserCore, conversationID: string): void {
  pushReady(user, conversationID, user.reorderBuffer.release(conversationID))
}

/** Each message has the full time to wait: a timer never flushes messages that began to wait after it was set. */
function pushReady(user: UserCore, conversationID: string, ready: readonly OutgoingMessage[]): void {
  pushToDevices(user, conversationID, ready)
  const upTo = user.reorderBuffer.highestWaiting(conversationID)
  if (upTo === 0) return
  const waitMs = MAX_WAIT_MS + maxOnlinePushWaitMs(user.config)
  setTimeout(() => pushToDevices(user, conversationID, user.reorderBuffer.flushOverdue(conversationID, upTo)), waitMs)
}

/**
 * Pushes the waiting messages of both logs and restarts their order. A user who joins a group again never gets the
 * messages sent in the meantime, so that new messages must not wait for them.
 */
export function restartSeqOrder(user: UserCore, conversationID: string): void {
  for (const logID of [conversationID, notificationTwin(conversationID)]) {
    pushHeld(user, logID)
    pushToDevices(user, logID, user.reorderBuffer.flushOverdue(logID))
    user.reorderBuffer.reset(logID)
  }
}

/** Pushes messages at once, in the given order. Silent messages are left out. */
export function pushToDevices(user: UserCore, conversationID: string, messages: readonly OutgoingMessage[]): void {
  const pushed = messages.filter((message) => !message.silent)
  for (const frame of groupIntoFrames(user.userID, pushed)) {
    const [first] = frame
    const data = encodePushMessages([{ conversationID, msgs: frame.map((message) => message.msg) }])
    user.devices.push(data, first.operationID, receiversOf(user, conversationID, first))
  }
}

/** Picks the devices that get a message; undefined = all. */
function receiversOf(
  user: UserCore,
  conversationID: string,
  { seq, sendTime, isRedelivered = false, only }: OutgoingMessage,
): DeviceFilter | undefined {
  if (only) return (socket) => socket === only
  return isRedelivered ? mayMiss(user, conversationID, seq, sendTime) : undefined
}

/**
 * Picks the devices that may lack a redelivered message: after a crash the conversation does not know what it delivered,
 * and not every client drops duplicates. A device that connected later has the message from its sync, unless the message
 * is newer than the sync's answer.
 */
function mayMiss(user: UserCore, conversationID: string, seq: number, sendTime: number): DeviceFilter {
  const cursor = user.cursors.find(conversationID)
  if (cursor && seq < cursor.minSeq) return () => false
  return (_socket, device) => device.connectedAt < sendTime || seq > (cursor?.maxSeq ?? 0)
}

type DeviceFilter = (socket: WebSocket, device: Device) => boolean

type Frame = [OutgoingMessage, ...OutgoingMessage[]]

/**
 * Puts consecutive messages of other users into one frame. Each of the user's own messages gets a separate frame under
 * the operationID of its request: the JS SDK recognizes its own messages by that ID. Messages that only some devices get
 * have separate frames, too.
 */
function groupIntoFrames(userID: string, messages: readonly OutgoingMessage[]): Frame[] {
  const frames: Frame[] = []
  let open: Frame | null = null
  for (const message of messages) {
    if (message.sendID === userID || message.isRedelivered || message.only) {
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
