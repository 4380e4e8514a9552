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
import { ensureConversation } from '../conversations/ensure-conversation.ts'
import { noteForSelfDestruct } from '../conversations/self-destruct.ts'
import type { UserCore } from '../user-core.ts'
import { pushCopy, pushInSeqOrder } from './push-to-devices.ts'

/** The answer to a sender whose message is stored. */
export interface SentMessage {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
  /** The whole message when a webhook has changed it. */
  modify: MsgData | undefined
  /**
   * Pushes the message to all devices of the sender; must be called after the request was answered. After a retry, only
   * the device that sent the retry gets the push, because the other devices got the first push.
   */
  pushToSender(requester: WebSocket): void
}

/**
 * Sends a message for one of the user's devices. There is no await before the append, so that frames keep their order.
 * With a before-webhook, the messages of a conversation wait for each other, so that they keep this order.
 * @throws ImError when a check, the webhook or the conversation refuses the message
 */
export function sendMessage(user: UserCore, received: ReceivedMessage, operationID: string): Promise<SentMessage> {
  const { msg } = received
  const serverMsgID = messageID()
  const prepared = prepareSend(received, { userID: user.userID, operationID, serverMsgID })
  const { home } = prepared
  const needsApproval = hasBeforeSendWebhook(user.config, msg)
  if (!needsApproval && !user.beforeSendGate.hasWaiting(home)) return append(user, prepared)
  const approved: Promise<ApprovedMessage | null> = needsApproval
    ? callBeforeSendWebhooks(user.webhookContext(operationID), msg, serverMsgID)
    : Promise.resolve(null)
  return user.beforeSendGate.enter(home, approved, (answer) =>
    append(user, answer ? prepareApproved(user, answer, operationID) : prepared),
  )
}

interface PreparedMessage extends PreparedSend {
  /** The message as a webhook changed it. */
  modified?: MsgData | undefined
}

/** Prepares the message as the webhook returned it; changes are checked as if the device had sent them. */
function prepareApproved(
  user: UserCore,
  { msg, serverMsgID, modified }: ApprovedMessage,
  operationID: string,
): PreparedMessage {
  const prepared = prepareSend({ msg, bytes: null }, { userID: user.userID, operationID, serverMsgID })
  return { ...prepared, modified: modified ? msg : undefined }
}

/** Appends a message to its conversation. The append call starts before any other code runs here. */
async function append(user: UserCore, { home, item, modified }: PreparedMessage): Promise<SentMessage> {
  const finish = user.outbox.begin(home)
  try {
    // Marked unread before the append: after a crash in between, the other devices still find the message by a sync.
    const isFirst = item.stored && user.cursors.markUnread(home, home)
    const result = await user.outbox.append(home, item)
    if (!result.ok) {
      // When another user's message arrived in the meantime, it needs the cursor.
      if (isFirst && !user.reorderBuffer.hasSeen(home)) user.cursors.deleteEmpty(home)
      throw errorOf(result.refusal)
    }
    if (item.stored) recordOwnMessage(user, home, item)
    const { serverMsgID, sendTime, seq } = result
    if (item.stored) noteForSelfDestruct(user, home, sendTime)
    return {
      serverMsgID,
      clientMsgID: item.clientMsgID,
      sendTime,
      modify: modified && { ...modified, serverMsgID, sendTime, seq, status: MessageStatus.Sent },
      pushToSender(requester) {
        pushOwnMessage(user, home, item, result, result.duplicate ? requester : null)
        finish()
      },
    }
  } catch (error) {
    finish()
    throw error
  }
}

/** Lets the user's other devices find the message by a sync, and creates the conversation with its first message. */
function recordOwnMessage(user: UserCore, home: string, { sessionType, recvID, groupID }: AppendItem): void {
  // A sync during the append may have cleared the unread mark.
  user.cursors.markUnread(home, home)
  ensureConversation(user, home, { sessionType, groupID, peerUserID: sessionType === SessionType.Single ? recvID : '' })
}

type Appended = Extract<AppendResult, { ok: true }>

/** @param only the device that gets the push; null = all devices */
function pushOwnMessage(
  user: UserCore,
  home: string,
  item: AppendItem,
  result: Appended,
  only: WebSocket | null,
): void {
  const { seq, sendTime } = result
  const { sendID, operationID } = item
  const msg = stampMessage(item.msg, { ...result, status: MessageStatus.Sent })
  if (seq === 0) {
    const data = encodePushMessages([{ conversationID: home, msgs: [msg] }])
    if (item.senderSync) user.devices.push(data, operationID, (socket) => only === null || socket === only)
    return
  }
  if (result.pendingFrom !== undefined) user.reorderBuffer.expectFrom(home, result.pendingFrom)
  const message = { seq, sendTime, sendID, operationID, msg, silent: !item.senderSync }
  if (only === null) pushInSeqOrder(user, home, [message])
  else pushCopy(user, home, { ...message, only })
}
