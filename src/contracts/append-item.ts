import { MsgData } from '../protocol/proto/index.ts'
import type { AppendItem } from './messages.ts'

type FromMessage =
  | 'sendID'
  | 'recvID'
  | 'groupID'
  | 'clientMsgID'
  | 'sessionType'
  | 'contentType'
  | 'createTime'
  | 'msg'

/**
 * Builds the append item of a message: the addressing fields are copied from the message, so that the item and its
 * encoded bytes agree.
 * @param bytes the encoded message, when the caller has it already
 */
export function buildAppendItem(
  msg: MsgData,
  delivery: Omit<AppendItem, FromMessage>,
  bytes: Uint8Array = MsgData.encode(msg).finish(),
): AppendItem {
  return {
    ...delivery,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    clientMsgID: msg.clientMsgID,
    sessionType: msg.sessionType,
    contentType: msg.contentType,
    createTime: msg.createTime,
    msg: bytes,
  }
}
