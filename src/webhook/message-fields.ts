import { z } from 'zod'
import { isNotificationKind } from '../protocol/constants/content-type.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { decodeUtf8 } from '../protocol/utf8.ts'
import type { MessageFields } from './commands.ts'

const NotificationElem = z.object({ detail: z.string() })

/** The fields that all message webhooks share. */
export function messageFields(msg: MsgData, operationID: string): MessageFields {
  return {
    sendID: msg.sendID,
    serverMsgID: msg.serverMsgID,
    clientMsgID: msg.clientMsgID,
    operationID,
    senderPlatformID: msg.senderPlatformID,
    senderNickname: msg.senderNickname,
    sessionType: msg.sessionType,
    msgFrom: msg.msgFrom,
    contentType: msg.contentType,
    status: msg.status,
    sendTime: msg.sendTime,
    createTime: msg.createTime,
    content: contentText(msg),
    seq: msg.seq,
    atUserList: msg.atUserIDList,
    faceURL: msg.senderFaceURL,
    ex: msg.ex,
  }
}

/** The content as JSON text; for a notification only its tips. */
export function contentText({ contentType, content }: Pick<MsgData, 'contentType' | 'content'>): string {
  const text = decodeUtf8(content)
  if (!isNotificationKind(contentType)) return text
  try {
    return NotificationElem.parse(JSON.parse(text)).detail
  } catch {
    // OpenIM: sends an empty content when it is not in the form of a notification.
    return ''
  }
}

/** The key with which an app server answers a message through `/msg/send_simple_msg`. */
export function replyKey({ sendID, recvID, groupID }: Pick<MsgData, 'sendID' | 'recvID' | 'groupID'>): string {
  return Buffer.from(JSON.stringify({ sendID, recvID, groupID })).toString('base64')
}
