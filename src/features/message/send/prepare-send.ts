import { buildAppendItem } from '../../../contracts/append-item.ts'
import type { AppendItem } from '../../../contracts/messages.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { applyDefaultOptions, routing } from '../../../protocol/message-options.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { ReceivedMessage } from '../../../protocol/read-message.ts'
import { MAX_CLIENT_MSG_ID, MAX_PARTICIPANT_ID, MAX_SENDER_FACE_URL, MAX_SENDER_NICKNAME } from '../limits.ts'

/** Content types from this number on belong to the service; clients may send lower ones. */
const FIRST_NOTIFICATION_TYPE = 1000

/** A checked message, ready to append. */
export interface PreparedSend {
  /** Name of the ConversationObject that the message goes to. */
  home: string
  item: AppendItem
}

/**
 * Checks a message from a device and builds its append item. The function has no await, so that two frames of one
 * socket cannot overtake each other.
 * @throws ImError 1001 when the message is malformed, 1002 when its sendID is another user's
 */
export function prepareSend(
  { msg, bytes }: ReceivedMessage,
  sender: { userID: string; operationID: string; serverMsgID: string },
): PreparedSend {
  requireSendable(msg)
  if (msg.sendID !== sender.userID) {
    throw ImError.noPermission(`the connection belongs to ${sender.userID}, so the sendID cannot be ${msg.sendID}`)
  }
  const options = applyDefaultOptions(msg.contentType, msg.options)
  const route = routing(options)
  if (route.notification) throw ImError.args('only the server sends notifications')
  const home = conversationIDFor(msg, false)
  return {
    home,
    item: buildAppendItem(
      msg,
      {
        operationID: sender.operationID,
        serverMsgID: sender.serverMsgID,
        // OpenIM: a client's own sendTime is kept. Here a message gets the server's time: a device with a wrong clock
        // would reorder the history of all members.
        sendTime: 0,
        log: 'chat',
        stored: route.stored,
        senderSync: route.senderSync,
        skipSender: true,
        skipChecks: false,
      },
      // `bytes` is null unless the reader has verified the client's encoding. Unverified bytes are encoded again: Go's
      // decoder refuses some inputs that ours accepts, and one such message in a log breaks every answer that contains
      // it.
      bytes && options === msg.options ? bytes : MsgData.encode({ ...msg, options }).finish(),
    ),
  }
}

/** @throws ImError 1001 unless users may send this kind of message and it names its receiver */
export function requireSendable(msg: MsgData): void {
  if (msg.sendID === '') throw ImError.args('the message has no sendID')
  if (msg.clientMsgID === '') throw ImError.args('the message has no clientMsgID')
  if (msg.content.length === 0) throw ImError.args('the message has no content')
  if (msg.contentType <= 0) throw ImError.args(`contentType ${msg.contentType} is not valid: it must be greater than 0`)
  if (msg.contentType >= FIRST_NOTIFICATION_TYPE) {
    throw ImError.args(`contentType ${msg.contentType} is reserved for notifications of the server`)
  }
  requireShort(msg)
  if (msg.sessionType === SessionType.Single) {
    if (msg.recvID === '') throw ImError.args('a message to a user needs a recvID')
  } else if (msg.sessionType === SessionType.Group) {
    if (msg.groupID === '') throw ImError.args('a message to a group needs a groupID')
  } else {
    throw ImError.args(`sessionType ${msg.sessionType} is not valid: it must be 1 or 3`)
  }
}

/** @throws ImError 1001 when a name or an ID is longer than a REST call may give it */
function requireShort({ recvID, groupID, clientMsgID, senderNickname, senderFaceURL, atUserIDList }: MsgData): void {
  if (recvID.length > MAX_PARTICIPANT_ID || groupID.length > MAX_PARTICIPANT_ID) {
    throw ImError.args(`recvID and groupID have at most ${MAX_PARTICIPANT_ID} characters`)
  }
  if (clientMsgID.length > MAX_CLIENT_MSG_ID) {
    throw ImError.args(`clientMsgID has at most ${MAX_CLIENT_MSG_ID} characters`)
  }
  if (senderNickname.length > MAX_SENDER_NICKNAME) {
    throw ImError.args(`senderNickname has at most ${MAX_SENDER_NICKNAME} characters`)
  }
  if (senderFaceURL.length > MAX_SENDER_FACE_URL) {
    throw ImError.args(`senderFaceURL has at most ${MAX_SENDER_FACE_URL} characters`)
  }
  if (atUserIDList.some((userID) => userID.length > MAX_PARTICIPANT_ID)) {
    throw ImError.args(`a userID in atUserIDList has at most ${MAX_PARTICIPANT_ID} characters`)
  }
}
