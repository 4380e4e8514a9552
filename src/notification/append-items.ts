import { messageID } from '../platform/ids.ts'
import type { AppendItem, LogName } from '../platform/rpc.ts'
import { MsgData } from '../protocol/proto/index.ts'
import type { BuiltNotification } from './build.ts'

/**
 * A notification as its conversation appends it: in one step with its chat copy, so that they are there together or
 * not at all. Both carry the same serverMsgID.
 */
export function appendItems(built: BuiltNotification, operationID: string): AppendItem[] {
  const serverMsgID = messageID()
  const notification = asItem(built.notification, operationID, serverMsgID, 'notification', built.stored)
  // OpenIM hands over the chat's copy first: it creates the conversation that the notification is about.
  return built.chatCopy
    ? [asItem(built.chatCopy, operationID, serverMsgID, 'chat', true), notification]
    : [notification]
}

function asItem(msg: MsgData, operationID: string, serverMsgID: string, log: LogName, stored: boolean): AppendItem {
  return {
    operationID,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    clientMsgID: msg.clientMsgID,
    serverMsgID,
    sessionType: msg.sessionType,
    contentType: msg.contentType,
    createTime: msg.createTime,
    sendTime: 0,
    log,
    stored,
    senderSync: true,
    senderHasIt: false,
    exempt: true,
    msg: MsgData.encode(msg).finish(),
  }
}
