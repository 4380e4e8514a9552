import { MessageStatus, MsgFrom } from '../../../protocol/constants/message-status.ts'
import type { ReceivedMessage } from '../../../protocol/read-message.ts'

/**
 * Sets the fields of a device's message that belong to the service: the platform of the connection, the origin, the
 * read state, and the fields that the conversation stamps. Official clients send these values already, so their bytes
 * are forwarded unchanged. OpenIM stores and delivers most of what a device writes there.
 *
 * @param received its message is changed in place: the reader made it for this frame
 */
export function withServiceFields(received: ReceivedMessage, platformID: number): ReceivedMessage {
  const { msg } = received
  // `stampMessage` overrides these two in the bytes as well.
  msg.seq = 0
  msg.sendTime = 0
  const isTrue =
    msg.senderPlatformID === platformID &&
    msg.msgFrom === MsgFrom.User &&
    msg.status === MessageStatus.Sending &&
    !msg.isRead &&
    msg.serverMsgID === ''
  if (isTrue) return received
  msg.senderPlatformID = platformID
  msg.msgFrom = MsgFrom.User
  msg.status = MessageStatus.Sending
  msg.isRead = false
  msg.serverMsgID = ''
  return { msg, bytes: null }
}
