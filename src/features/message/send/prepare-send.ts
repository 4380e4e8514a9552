import type { AppendItem } from '../../../contracts/messages.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { applyDefaultOptions, routing } from '../../../protocol/message-options.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { ReceivedMessage } from '../../../protocol/read-message.ts'

/** Content types from here on are the service's own; users write below. */
const FIRST_NOTIFICATION_TYPE = 1000

/** Longer than any ID that can be registered. */
const MAX_ID = 128

/** A message that may be appended, and the conversation it goes to. */
export interface PreparedSend {
  home: string
  item: AppendItem
}

/**
 * Checks a message that a device sends and makes it ready for its conversation. There is no await in here: two frames
 * of one socket cannot overtake each other.
 * @throws ImError 1001 malformed, 1002 somebody else's sendID
 */
export function prepareSend(
  { msg, bytes }: ReceivedMessage,
  sender: { userID: string; operationID: string; serverMsgID: string },
): PreparedSend {
  requireSendable(msg)
  if (msg.sendID !== sender.userID) {
    throw ImError.noPermission(`the connection belongs to ${sender.userID}, not to the sendID ${msg.sendID}`)
  }
  const options = applyDefaultOptions(msg.contentType, msg.options)
  const route = routing(options)
  if (route.notification) throw ImError.args('only the service itself sends notifications')
  const home = conversationIDFor(msg, false)
  return {
    home,
    item: {
      operationID: sender.operationID,
      sendID: msg.sendID,
      recvID: msg.recvID,
      groupID: msg.groupID,
      clientMsgID: msg.clientMsgID,
      serverMsgID: sender.serverMsgID,
      sessionType: msg.sessionType,
      contentType: msg.contentType,
      createTime: msg.createTime,
      // OpenIM keeps a client's own sendTime; a stored one would let a clock that is wrong reorder everyone's history.
      sendTime: route.stored ? 0 : msg.sendTime,
      log: 'chat',
      stored: route.stored,
      senderSync: route.senderSync,
      senderHasIt: true,
      exempt: false,
      // Bytes that nobody vouches for never travel on: Go's decoder refuses what ours lets pass, and one such message in
      // a log would spoil every answer that holds it.
      msg: bytes && options === msg.options ? bytes : MsgData.encode({ ...msg, options }).finish(),
    },
  }
}

/** @throws ImError 1001 unless it is a message that people write, and says to whom */
export function requireSendable(msg: MsgData): void {
  if (msg.sendID === '') throw ImError.args('the message has no sendID')
  if (msg.clientMsgID === '') throw ImError.args('the message has no clientMsgID')
  if (msg.content.length === 0) throw ImError.args('the message has no content')
  if (msg.contentType <= 0) throw ImError.args(`contentType ${msg.contentType} is not a kind of message`)
  if (msg.contentType >= FIRST_NOTIFICATION_TYPE) {
    throw ImError.args(`contentType ${msg.contentType} is the service's own`)
  }
  if (msg.recvID.length > MAX_ID || msg.groupID.length > MAX_ID) {
    throw ImError.args(`recvID and groupID have at most ${MAX_ID} characters`)
  }
  if (msg.sessionType === SessionType.Single) {
    if (msg.recvID === '') throw ImError.args('a message to a user needs a recvID')
  } else if (msg.sessionType === SessionType.Group) {
    if (msg.groupID === '') throw ImError.args('a message to a group needs a groupID')
  } else {
    throw ImError.args(`sessionType ${msg.sessionType} cannot be sent to`)
  }
}
