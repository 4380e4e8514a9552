import type { AppendItem } from '../../../contracts/messages.ts'
import { errorOf } from '../../../contracts/outcome.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { MsgFrom } from '../../../protocol/constants/message-status.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { conversationIDFor } from '../../../protocol/conversation-id.ts'
import { OptionKey, routing } from '../../../protocol/message-options.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { Context } from '../../../runtime/context.ts'
import { messageID } from '../../../runtime/ids.ts'
import { type SendFields, type SentMsg, sessionTypeOf } from '../schema.ts'
import { encodeContent } from './content.ts'
import { requireSendable } from './prepare-send.ts'
import { type Approved, askBeforeSend, asksBeforeSend, modifyForRest } from './webhooks.ts'

/** A message that an app backend sends, complete but for its receiver and its ID. */
export interface Draft {
  msg: MsgData
  /** Spared the checks of who may write: see `accessSender`. */
  exempt: boolean
}

/** Who gets a draft: "" for the group that it names. */
export interface Receiver {
  recvID: string
  clientMsgID: string
}

/** What isOnlineOnly switches off. */
const STORED_OPTIONS = [OptionKey.History, OptionKey.Persistent, OptionKey.SenderSync, OptionKey.ConversationUpdate]

/** The message that a backend's call describes. */
export function composeMessage(req: SendFields, now: number): MsgData {
  const options: Record<string, boolean> = {}
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
    // A time that is still to come would hold back every later message of the conversation: that one is sent now.
    sendTime: req.sendTime > now ? 0 : req.sendTime,
    createTime: now,
    options,
    offlinePushInfo: req.offlinePushInfo ?? undefined,
    atUserIDList: req.contentType === ContentType.AtText ? (req.content.atUserList as string[]) : [],
    ex: req.ex,
  })
}

/**
 * Gives a draft to its conversation, which delivers it to both sides. The same clientMsgID again gets the first answer.
 * @throws ImError what the app or the conversation refuses
 */
export async function sendDraft(ctx: Context, { msg, exempt }: Draft, to: Receiver): Promise<SentMsg> {
  const addressed = { ...msg, ...to }
  const approved = asksBeforeSend(ctx.config, addressed)
    ? await askBeforeSend(ctx, addressed, messageID())
    : { msg: addressed, serverMsgID: messageID(), modified: false }
  if (approved.modified) requireSendable(approved.msg)
  const item = asItem(ctx, approved, exempt)
  const [result] = await ctx.conversation(conversationIDFor(approved.msg, false)).append([item])
  if (!result) throw new Error('an append was answered with no result')
  if (!result.ok) throw errorOf(result.refusal)
  return {
    serverMsgID: result.serverMsgID,
    clientMsgID: item.clientMsgID,
    sendTime: result.sendTime,
    ...(approved.modified && { modify: modifyForRest(addressed, approved.msg) }),
  }
}

function asItem(ctx: Context, { msg, serverMsgID }: Approved, exempt: boolean): AppendItem {
  const { stored, senderSync } = routing(msg.options)
  return {
    operationID: ctx.operationID,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    clientMsgID: msg.clientMsgID,
    serverMsgID,
    sessionType: msg.sessionType,
    contentType: msg.contentType,
    createTime: msg.createTime,
    sendTime: msg.sendTime,
    log: 'chat',
    stored,
    // OpenIM pushes a notification account's messages to the account's own devices too. It has none that could log
    // in, and a message to everybody would call its object once for each of them.
    senderSync: senderSync && msg.sessionType !== SessionType.Notification,
    senderHasIt: false,
    exempt,
    msg: MsgData.encode(msg).finish(),
  }
}
