import type { AppendItem, AppendResult, DeliveredMessage, LogUpdate } from '../contracts/messages.ts'
import { errorOf } from '../contracts/outcome.ts'
import type { Delivery } from '../contracts/user.ts'
import { MessageStatus } from '../protocol/constants/message-status.ts'
import { conversationIDFor, notificationTwin } from '../protocol/conversation-id.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { stampMessage } from '../protocol/push-messages.ts'
import type { Context } from '../runtime/context.ts'
import { messageID } from '../runtime/ids.ts'
import { appendItems } from './append-items.ts'
import { buildNotification, type Override, type Route } from './build.ts'
import type { NotificationKind } from './kinds.ts'

/**
 * Names the ConversationObject that stores a notification. Default: the conversation of the sender and the receiver.
 */
export interface NotificationTarget {
  home?: string
}

/** The fields of a sent notification that callers report to clients. */
export interface SentNotification {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
}

/**
 * Sends a notification to clients. The notification and its chat copy are appended in one step, so that either both are
 * stored or neither is; the ConversationObject delivers them. This function delivers to the caller's own devices only,
 * after the call is answered: before the answer their SDK does not know that it made the change itself.
 */
export async function notify(
  ctx: Context,
  kind: NotificationKind,
  route: Route,
  detail: object,
  override: Override & NotificationTarget = {},
): Promise<SentNotification> {
  const built = buildNotification(kind, route, detail, {
    clientMsgID: messageID(),
    now: ctx.now(),
    ...override,
  })
  if (route.sendID === route.recvID && !built.stored && !built.chatCopy) {
    return notifyOwnDevices(ctx, built.notification)
  }
  const home = override.home ?? conversationIDFor(built.notification, false)
  // An administrator may act in the name of another user, whose devices did not make the call.
  const isOwnCall = ctx.caller?.userID === route.sendID && !ctx.caller.isAdmin
  const items = appendItems(built, ctx.operationID)
  for (const item of items) item.skipSender = isOwnCall
  const results = await ctx.conversation(home).append(items)
  let sendTime = 0
  for (const [i, result] of results.entries()) {
    if (!result.ok) throw errorOf(result.refusal)
    sendTime = result.sendTime
    if (isOwnCall) await notifyCaller(ctx, home, items[i] as AppendItem, result)
  }
  return { serverMsgID: items[0]?.serverMsgID ?? '', clientMsgID: built.notification.clientMsgID, sendTime }
}

async function notifyCaller(ctx: Context, home: string, item: AppendItem, appended: Appended): Promise<void> {
  const { seq, sendTime } = appended
  const { sendID, operationID } = item
  const msg = stampMessage(item.msg, { ...appended, status: MessageStatus.Sent })
  const messages = [{ seq, sendTime, sendID, operationID, msg }]
  await notifyCallerDevices(ctx, newsOf(item, home), messages, appended.pendingFrom)
}

function newsOf(item: Pick<AppendItem, 'log' | 'sessionType' | 'recvID' | 'groupID'>, home: string): LogUpdate {
  return {
    conversationID: item.log === 'chat' ? home : notificationTwin(home),
    home,
    about: {
      sessionType: item.sessionType,
      peerUserID: item.groupID === '' ? item.recvID : '',
      groupID: item.groupID,
    },
  }
}

/** Messages that one `deliver` call carries at most. */
const MAX_DELIVERED = 100

/**
 * Marks the log as unread for the caller's offline devices now, and delivers to the connected ones after the reply.
 * Messages of other users that arrive in between wait for these.
 * @param pendingFrom the lowest seq that the conversation was still delivering to the caller
 */
export async function notifyCallerDevices(
  ctx: Context,
  news: LogUpdate,
  messages: readonly DeliveredMessage[],
  pendingFrom = Number.POSITIVE_INFINITY,
): Promise<void> {
  const [first] = messages
  if (!first) return
  const user = ctx.user(first.sendID)
  const stored = messages.filter(({ seq }) => seq > 0)
  if (stored[0]) await user.markUnread(news, Math.min(stored[0].seq, pendingFrom))
  for (let i = 0; i < messages.length; i += MAX_DELIVERED) {
    const part = messages.slice(i, i + MAX_DELIVERED)
    ctx.afterReply(() => user.deliver({ ...news, messages: part }))
  }
}

type Appended = Extract<AppendResult, { ok: true }>

/**
 * Notifies the online devices of another user. The notification is not stored and goes to the UserObject directly: it
 * costs one call, and nothing more when no device is online.
 */
export async function notifyOnlineDevices(
  ctx: Context,
  kind: NotificationKind,
  route: Route,
  detail: object,
): Promise<void> {
  const built = buildNotification(kind, route, detail, { clientMsgID: messageID(), now: ctx.now(), stored: false })
  await ctx.user(route.recvID).deliver(deliveryOf(ctx, built.notification).delivery)
}

/**
 * A notification to the user's own devices that is not stored goes to the UserObject directly, past the conversation.
 */
async function notifyOwnDevices(ctx: Context, msg: MsgData): Promise<SentNotification> {
  const { delivery, serverMsgID, sendTime } = deliveryOf(ctx, msg)
  const deliver = () => ctx.user(msg.sendID).deliver(delivery)
  if (ctx.caller?.userID === msg.sendID) ctx.afterReply(deliver)
  else await deliver()
  return { serverMsgID, clientMsgID: msg.clientMsgID, sendTime }
}

/** The delivery of a notification that is not stored. */
function deliveryOf(ctx: Context, msg: MsgData): { delivery: Delivery; serverMsgID: string; sendTime: number } {
  const home = conversationIDFor(msg, false)
  const [serverMsgID, sendTime] = [messageID(), ctx.now()]
  const bytes = stampMessage(MsgData.encode(msg).finish(), {
    serverMsgID,
    sendTime,
    seq: 0,
    status: MessageStatus.Sent,
  })
  const { sendID, sessionType } = msg
  const delivery = {
    conversationID: notificationTwin(home),
    home,
    about: { sessionType, peerUserID: sendID, groupID: '' },
    messages: [{ seq: 0, sendTime, sendID, operationID: ctx.operationID, msg: bytes }],
  }
  return { delivery, serverMsgID, sendTime }
}
