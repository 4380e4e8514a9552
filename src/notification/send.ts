import type { Context } from '../platform/context.ts'
import { messageID } from '../platform/ids.ts'
import { type AppendItem, errorOf, type LogName } from '../platform/rpc.ts'
import { MessageStatus } from '../protocol/constants/message-status.ts'
import { conversationIDFor, notificationTwin } from '../protocol/conversation-id.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { stampMessage } from '../protocol/push-messages.ts'
import { buildNotification, type Override, type Route } from './build.ts'
import type { NotificationKind } from './kinds.ts'

/** Where a notification is kept, when that is not the conversation of its sender and receiver. */
export interface Delivery {
  home?: string
}

/**
 * Tells clients what has changed. The notification and its chat copy are appended in one step, so that they are there
 * together or not at all; delivery is the conversation's.
 */
export async function notify(
  ctx: Context,
  kind: NotificationKind,
  route: Route,
  detail: object,
  override: Override & Delivery = {},
): Promise<void> {
  const built = buildNotification(kind, route, detail, {
    clientMsgID: messageID(),
    now: ctx.now(),
    ...override,
  })
  if (route.sendID === route.recvID && !built.stored && !built.chatCopy) {
    await tellOwnDevices(ctx, built.notification)
    return
  }
  const items = [asItem(ctx, built.notification, 'notification', built.stored)]
  // OpenIM hands over the chat's copy first: it creates the conversation that the notification is about.
  if (built.chatCopy) items.unshift(asItem(ctx, built.chatCopy, 'chat', true))
  const home = override.home ?? conversationIDFor(built.notification, false)
  const results = await ctx.conversation(home).append(items)
  for (const result of results) if (!result.ok) throw errorOf(result.refusal)
}

function asItem(ctx: Context, msg: MsgData, log: LogName, stored: boolean): AppendItem {
  return {
    operationID: ctx.operationID,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    clientMsgID: msg.clientMsgID,
    serverMsgID: messageID(),
    sessionType: msg.sessionType,
    contentType: msg.contentType,
    createTime: msg.createTime,
    sendTime: 0,
    log,
    stored,
    senderSync: true,
    senderHasIt: false,
    exempt: true,
    msg: MsgData.encode(msg).finish(),
  }
}

/** What is only for the user's own devices and not stored needs no conversation on its way. */
async function tellOwnDevices(ctx: Context, msg: MsgData): Promise<void> {
  const home = conversationIDFor(msg, false)
  const sendTime = ctx.now()
  const stamp = { serverMsgID: messageID(), sendTime, seq: 0, status: MessageStatus.Sent }
  await ctx.user(msg.sendID).deliver({
    conversationID: notificationTwin(home),
    home,
    about: { sessionType: msg.sessionType, peerUserID: msg.sendID, groupID: '' },
    messages: [
      {
        seq: 0,
        sendTime,
        sendID: msg.sendID,
        operationID: ctx.operationID,
        msg: stampMessage(MsgData.encode(msg).finish(), stamp),
      },
    ],
  })
}
