import { MessageStatus } from '../../../../src/protocol/constants/message-status.ts'
import type { MsgData } from '../../../../src/protocol/proto/index.ts'
import type { Message } from '../types.ts'
import { decodeContent } from './content.ts'

const text = new TextDecoder()

/** The message as the app sees it; undefined for a placeholder, which only fills the seq of a deleted message. */
export function messageFrom(msg: MsgData, conversationID: string, selfID: string): Message | undefined {
  if (msg.clientMsgID === '' || msg.status >= MessageStatus.Deleted) return undefined
  return {
    clientMsgID: msg.clientMsgID,
    serverMsgID: msg.serverMsgID,
    conversationID,
    seq: msg.seq,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    senderNickname: msg.senderNickname,
    senderFaceURL: msg.senderFaceURL,
    sendTime: msg.sendTime,
    content: decodeContent(msg.contentType, textOf(msg.content), selfID),
    status: 'sent',
    isRead: msg.isRead,
    ex: msg.ex,
  }
}

/** The content of a message: bytes on the socket, base64 in REST answers. */
export function textOf(content: Uint8Array | string): string {
  if (typeof content !== 'string') return text.decode(content)
  return text.decode(Uint8Array.from(atob(content), (character) => character.charCodeAt(0)))
}
