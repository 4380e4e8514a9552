import { buildAppendItem } from '../contracts/append-item.ts'
import type { AppendItem, LogName } from '../contracts/messages.ts'
import { SessionType } from '../protocol/constants/session-type.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { messageID } from '../runtime/ids.ts'
import type { BuiltNotification } from './build.ts'

/**
 * The items that a conversation appends for a notification: the notification and its chat copy, in one append, so that
 * either both are stored or neither is. Both carry the same serverMsgID.
 */
export function appendItems(built: BuiltNotification, operationID: string): AppendItem[] {
  const serverMsgID = messageID()
  const notification = toItem(built.notification, operationID, serverMsgID, 'notification', built.stored)
  if (!built.chatCopy) return [notification]
  const chatCopy = toItem(built.chatCopy, operationID, serverMsgID, 'chat', true)
  // OpenIM: the chat copy comes first in a one-to-one chat, because it creates the conversation that the notification
  // is about. In a group the notification comes first: for a chat copy in a new conversation, the Go core fetches and
  // stores the group silently, so that the app would never get the event that the user was added.
  return built.chatCopy.sessionType === SessionType.Group ? [notification, chatCopy] : [chatCopy, notification]
}

function toItem(msg: MsgData, operationID: string, serverMsgID: string, log: LogName, stored: boolean): AppendItem {
  const delivery = { operationID, serverMsgID, sendTime: 0, log, stored }
  return buildAppendItem(msg, { ...delivery, senderSync: true, skipSender: false, skipChecks: true })
}
