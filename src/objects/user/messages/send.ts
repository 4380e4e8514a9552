import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { errorOf } from '../../../contracts/outcome.ts'
import { type PreparedSend, prepareSend } from '../../../features/message/send/prepare-send.ts'
import {
  type ApprovedMessage,
  callBeforeSendWebhooks,
  hasBeforeSendWebhook,
} from '../../../features/message/send/webhooks.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import type { MsgData } from '../../../protocol/proto/index.ts'
import { encodePushMessages, stampMessage } from '../../../protocol/push-messages.ts'
import type { ReceivedMessage } from '../../../protocol/read-message.ts'
import { messageID } from '../../../runtime/ids.ts'
import { ensureConversation } from '../conversations/begin-conversation.ts'
import type { UserCore } from '../user-core.ts'
import { pushInOrder } from './deliver.ts'

/** What the sender learns of a message that is stored. */
export interface Sent {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
  /** The whole message when a webhook has changed it. */
  modify: MsgData | undefined
  /**
   * Gives the message to all devices of the sender; must be called once the request is answered. A retry is news only
   * to the device that made it: the others have the message since the first time.
   */
  echo(requester: WebSocket): void
}

/**
 * Sends a message for one of the user's devices. Up to the append nothing is awaited, so frames keep their order. Where
 * the app is asked first, the messages of a conversation keep their order by waiting for each other.
 * @throws ImError what the checks, the app or the conversation refuse
 */
export function sendMessage(user: UserCore, received: ReceivedMessage, operationID: string): Promise<Sent> {
  const { msg } = received
  const serverMsgID = messageID()
  const prepared = prepareSend(received, { userID: user.userID, operationID, serverMsgID })
  const { home } = prepared
  const isAsked = hasBeforeSendWebhook(user.config, msg)
  if (!isAsked && !user.beforeSendGate.waits(home)) return hand(user, prepared)
  const approved: Promise<ApprovedMessage | null> = isAsked
    ? callBeforeSendWebhooks(user.webhookContext(operationID), msg, serverMsgID)
    : Promise.resolve(null)
  return user.beforeSendGate.begin(home, approved, (answer) =>
    hand(user, answer ? again(user, answer, operationID) : prepared),
  )
}

/** The message as the app wants it; what it has made of it is checked as if the device had sent it. */
function again(user: UserCore, { msg, serverMsgID, modified }: ApprovedMessage, operationID: string): Handed {
  const prepared = prepareSend({ msg, bytes: null }, { userID: user.userID, operationID, serverMsgID })
  return { ...prepared, modified: modified ? msg : undefined }
}

interface Handed extends PreparedSend {
  modified?: MsgData | undefined
}

/** Gives a message to its conversation, which takes it before anything else runs here. */
async function hand(user: UserCore, { home, item, modified }: Handed): Promise<Sent> {
  const finished = user.outbox.begin(home)
  try {
    // Marked before the message leaves: a crash after it is stored then still leads the other devices to it.
    const isFirst = item.stored && user.cursors.markUnread(home, home)
    const result = await user.outbox.append(home, item)
    if (!result.ok) {
      // A message of somebody else that came meanwhile needs the mark.
      if (isFirst && !user.reorderBuffer.hasSeen(home)) user.cursors.forget(home)
      throw errorOf(result.refusal)
    }
    if (item.stored) noteOwn(user, home, item)
    const { serverMsgID, sendTime, seq } = result
    return {
      serverMsgID,
      clientMsgID: item.clientMsgID,
      sendTime,
      modify: modified && { ...modified, serverMsgID, sendTime, seq, status: MessageStatus.Sent },
      echo(requester) {
        pushEcho(user, home, item, result, result.duplicate ? requester : null)
        finished()
      },
    }
  } catch (error) {
    finished()
    throw error
  }
}

/** The user's other devices find the message, and the conversation it began. */
function noteOwn(user: UserCore, home: string, { sessionType, recvID, groupID }: AppendItem): void {
  // A sync that ran meanwhile may have lifted the mark.
  user.cursors.markUnread(home, home)
  ensureConversation(user, home, { sessionType, groupID, peerUserID: sessionType === SessionType.Single ? recvID : '' })
}

type Appended = Extract<AppendResult, { ok: true }>

function pushEcho(user: UserCore, home: string, item: AppendItem, result: Appended, only: WebSocket | null): void {
  const { seq, sendTime } = result
  const { sendID, operationID } = item
  const msg = stampMessage(item.msg, { ...result, status: MessageStatus.Sent })
  if (only !== null || seq === 0) {
    const data = encodePushMessages([{ conversationID: home, msgs: [msg] }])
    if (item.senderSync) user.devices.push(data, operationID, (socket) => only === null || socket === only)
    return
  }
  if (result.pendingFrom !== undefined) user.reorderBuffer.expectFrom(home, result.pendingFrom)
  pushInOrder(user, home, [{ seq, sendTime, sendID, operationID, msg, silent: !item.senderSync }])
}
