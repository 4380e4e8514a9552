import type { DeliveredMessage, Delivery, News } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { isNotificationConversation } from '../../protocol/conversation-id.ts'
import { encodePushMessages } from '../../protocol/push-messages.ts'
import type { UserCore } from './user-core.ts'

/**
 * Takes over messages that a conversation hands to this user: marks the log as having news, so that an absent device
 * learns of them at its next sync, and pushes them to the devices that are here. Storing is the conversation's job.
 */
export async function deliver(user: UserCore, delivery: Delivery): Promise<void> {
  const { conversationID, home, messages } = delivery
  const stored = messages.filter((message) => message.seq > 0)
  const first = stored[0]
  if (first) {
    noteNews(user, delivery, first.sendID)
    // A message of the user's own may still be on its way back with a lower seq: devices see a log in order.
    const upTo = user.pushed.upTo(conversationID)
    if (user.outgoing.busy(home) && (upTo === null || first.seq > upTo + 1)) await user.outgoing.settled(home)
  }
  const upTo = user.pushed.upTo(conversationID) ?? 0
  const fresh = messages.filter((message) => message.seq === 0 || message.seq > upTo)
  for (const run of runsForOneFrame(user.userID, fresh)) {
    const msgs = run.map((message) => message.msg)
    user.devices.push(encodePushMessages([{ conversationID, msgs }]), run[0]?.operationID ?? '')
  }
  for (const message of fresh) user.pushed.advance(conversationID, message.seq)
}

/** Marks a log as having news, and creates the conversation with its first message. */
export function noteNews(user: UserCore, { conversationID, home, about }: News, sendID: string): void {
  // A notification account has no list of all those it ever wrote to: only its readers have the conversation.
  const isOwnChannel = about.sessionType === SessionType.Notification && sendID === user.userID
  if (isOwnChannel && about.peerUserID !== user.userID) return
  user.marks.mark(conversationID, home)
  if (!isNotificationConversation(conversationID)) user.conversations.ensure(conversationID, about)
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
