import { buildAppendItem } from '../contracts/append-item.ts'
import type { AppendItem, LogName } from '../contracts/messages.ts'
import { SessionType } from '../protocol/constants/session-type.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { messageID } from '../runtime/ids.ts'
import type { BuiltNotification } from './build.ts'

/**
 * A notification as its conversation appends it: in one step with its chat copy, so that they are there together or
 * not at all. Both carry the same serverMsgID.
 */
export function appendItems(built: BuiltNotification, operationID: string): AppendItem[] {
  const serverMsgID = messageID()
  const notification = asItem(built.notification, operationID, serverMsgID, 'notification', built.stored)
  if (!built.chatCopy) return [notification]
  const chatCopy = asItem(built.chatCopy, operationID, serverMsgID, 'chat', true)
  // A chat's copy comes first, as with OpenIM: it creates the conversation that the notification is about. With a group
  // it is the other way round: for a new conversation the Go core fetches the group and keeps it without a word, so
  // that the app would never be told that it was added.
  return built.chatCopy.sessionType === SessionType.Group ? [notification, chatCopy] : [chatCopy, notification]
}

function asItem(msg: MsgData, operationID: string, serverMsgID: string, log: LogName, stored: boolean): AppendItem {
  const delivery = { operationID, serverMsgID, sendTime: 0, log, stored }
  return buildAppendItem(msg, { ...delivery, senderSync: true, senderHasIt: false, exempt: true })
}
