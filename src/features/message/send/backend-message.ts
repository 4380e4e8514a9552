import { buildAppendItem } from '../../../contracts/append-item.ts'
import type { AppendItem } from '../../../contracts/messages.ts'
import { errorOf } from '../../../contracts/outcome.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { MsgFrom } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import { forcedOptions, OptionKey, routing } from '../../../protocol/message-options.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { Context } from '../../../runtime/context.ts'
import { messageID } from '../../../runtime/ids.ts'
import { type SendFields, type SentMsg, sessionTypeOf } from '../schema.ts'
import { encodeContent } from './content.ts'
import { requireSendable } from './prepare-send.ts'
import { type ApprovedMessage, callBeforeSendWebhooks, hasBeforeSendWebhook, modifyForRest } from './webhooks.ts'

/**
 * A message that an app backend sends, without its receiver and its clientMsgID. A batch sends it to many receivers.
 */
export interface BackendMessage {
  msg: MsgData
  /** Skips the check whether the sender may write to the receiver, see `checkSender`. */
  exempt: boolean
}

/** One receiver of a backend message; `recvID` is "" for a group, which the message itself names. */
export interface Receiver {
  recvID: string
  clientMsgID: string
}

/** The options that `isOnlineOnly` switches off. */
const STORED_OPTIONS = [OptionKey.History, OptionKey.Persistent, OptionKey.SenderSync, OptionKey.ConversationUpdate]

const QUIET_OPTIONS = [
  OptionKey.ConversationUpdate,
  OptionKey.SenderConversationUpdate,
  OptionKey.UnreadCount,
  OptionKey.OfflinePush,
]

/**
 * The options of a custom message that leaves the conversation list as it is. SDKs do not send this kind, so its options
 * come from its definition: it is stored, and neither counts as unread, nor is pushed, nor moves the conversation up.
 */
function quietOptions(contentType: number): Record<string, boolean> {
  if (contentType !== ContentType.CustomNotTriggerConversation) return {}
  return Object.fromEntries(QUIET_OPTIONS.map((key) => [key, false]))
}

/** Builds the message from the fields of a backend's call. */
export function composeMessage(req: SendFields, now: number): MsgData {
  // A typing status is never stored, also when the backend does not ask for it.
  const options: Record<string, boolean> = { ...forcedOptions(req.contentType), ...quietOptions(req.contentType) }
  if (req.isOnlineOnly) for (const key of STORED_OPTIONS) options[key] = false
  if (req.notOfflinePush) options[OptionKey.OfflinePush] = false
  return MsgData.fromPartial({
    sendID: req.sendID,
    groupID: req.groupID,
    senderPlatformID: req.senderPlatformID,
    senderNickname: req.senderNickname,
    senderFaceURL: req.senderFaceURL,
    sessionType: sessionTypeOf(req),
    msgFrom: MsgFrom.System,
    contentType: req.contentType,
    content: encodeContent(req.contentType, req.content),
    // A sendTime in the future is not used: each later message of the conversation would get a time after it.
    sendTime: req.sendTime > now ? 0 : req.sendTime,
    createTime: now,
    options,
    offlinePushInfo: req.offlinePushInfo ?? undefined,
    atUserIDList: req.contentType === ContentType.AtText ? (req.content.atUserList as string[]) : [],
    ex: req.ex,
  })
}

/**
 * Appends a backend message to its conversation, which delivers it to both sides. A repeated clientMsgID gets the first
 * answer.
 * @throws ImError when the before-webhook or the conversation refuses the message
 */
export async function sendBackendMessage(
  ctx: Context,
  { msg, exempt }: BackendMessage,
  to: Receiver,
): Promise<SentMsg> {
  const addressed = { ...msg, ...to }
  const approved = hasBeforeSendWebhook(ctx.config, addressed)
    ? await callBeforeSendWebhooks(ctx, addressed, messageID())
    : { msg: addressed, serverMsgID: messageID(), modified: false }
  if (approved.modified) requireSendable(approved.msg)
  const item = appendItem(ctx, approved, exempt)
  const [result] = await ctx.conversation(conversationIDFor(approved.msg, false)).append([item])
  if (!result) throw new Error('the conversation answered an append without a result')
  if (!result.ok) throw errorOf(result.refusal)
  return {
    serverMsgID: result.serverMsgID,
    clientMsgID: item.clientMsgID,
    sendTime: result.sendTime,
    ...(approved.modified && { modify: modifyForRest(addressed, approved.msg) }),
  }
}

function appendItem(ctx: Context, { msg, serverMsgID }: ApprovedMessage, exempt: boolean): AppendItem {
  const { stored, senderSync } = routing(msg.options)
  return buildAppendItem(msg, {
    operationID: ctx.operationID,
    serverMsgID,
    sendTime: msg.sendTime,
    log: 'chat',
    stored,
    // OpenIM: a notification account's own devices get its messages too. Here they do not: such an account cannot log
    // in, and a message to all users would call its UserObject once per receiver.
    senderSync: senderSync && msg.sessionType !== SessionType.Notification,
    skipSender: false,
    skipChecks: exempt,
  })
}
