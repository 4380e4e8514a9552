import { buildNotification, toSelf } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { encodePushMessages, stampMessage } from '../../../protocol/push-messages.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { UserCore } from '../user-core.ts'

/** Pushes a notification that makes the user's own devices read these conversations again. */
export function notifyConversationsChanged(user: UserCore, conversationIDs: string[], now: number): void {
  const detail = { userID: user.userID, conversationIDList: conversationIDs }
  const { notification } = buildNotification(NotificationKinds.conversationChange, toSelf(user.userID), detail, {
    clientMsgID: messageID(),
    now,
  })
  const stamp = { serverMsgID: messageID(), sendTime: now, seq: 0, status: MessageStatus.Sent }
  const msg = stampMessage(MsgData.encode(notification).finish(), stamp)
  const conversationID = conversationIDFor(notification, true)
  user.devices.push(encodePushMessages([{ conversationID, msgs: [msg] }]), '')
}
