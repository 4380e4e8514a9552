import type { AppendItem, AppendResult, DeliveredMessage, News } from '../contracts/messages.ts'
import { errorOf } from '../contracts/outcome.ts'
import { MessageStatus } from '../protocol/constants/message-status.ts'
import { conversationIDFor, notificationTwin } from '../protocol/conversation-id.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { stampMessage } from '../protocol/push-messages.ts'
import type { Context } from '../runtime/context.ts'
import { messageID } from '../runtime/ids.ts'
import { appendItems } from './append-items.ts'
import { buildNotification, type Override, type Route } from './build.ts'
import type { NotificationKind } from './kinds.ts'

/** Where a notification is kept, when that is not the conversation of its sender and receiver. */
export interface NotificationTarget {
  home?: string
}

/** The notification as clients see it. */
export interface SentNotification {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
}

/**
 * Tells clients what has changed. The notification and its chat copy are appended in one step, so that they are there
 * together or not at all; delivery is the conversation's. Only the devices of the very user who made the call hear of
 * it from here, once the call is answered: until then their SDK does not know that the change is its own.
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
  // An administrator may speak in conversations of others and has no devices there.
  const ownCall = ctx.caller?.userID === route.sendID && !ctx.caller.isAdmin
  const items = appendItems(built, ctx.operationID)
  for (const item of items) item.senderHasIt = ownCall
  const results = await ctx.conversation(home).append(items)
  let sendTime = 0
  for (const [i, result] of results.entries()) {
    if (!result.ok) throw errorOf(result.refusal)
    sendTime = result.sendTime
    if (ownCall) await notifyCaller(ctx, home, items[i] as AppendItem, result)
  }
  return { serverMsgID: items[0]?.serverMsgID ?? '', clientMsgID: built.notification.clientMsgID, sendTime }
}

async function notifyCaller(ctx: Context, home: string, item: AppendItem, appended: Appended): Promise<void> {
  const { seq, sendTime } = appended
  const { sendID, operationID } = item
  const msg = stampMessage(item.msg, { ...appended, status: MessageStatus.Sent })
  await notifyCallerDevices(ctx, newsOf(item, home), [{ seq, sendTime, sendID, operationID, msg }])
}

function newsOf(item: Pick<AppendItem, 'log' | 'sessionType' | 'recvID' | 'groupID'>, home: string): News {
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

/** What one call hands to the devices at most. */
const MAX_AT_ONCE = 100

/** Notes the news for the caller's absent devices now, and pushes to those that are here after the reply. */
export async function notifyCallerDevices(
  ctx: Context,
  news: News,
  messages: readonly DeliveredMessage[],
): Promise<void> {
  const [first] = messages
  if (!first) return
  const user = ctx.user(first.sendID)
  if (messages.some(({ seq }) => seq > 0)) await user.markUnread(news)
  for (let i = 0; i < messages.length; i += MAX_AT_ONCE) {
    const part = messages.slice(i, i + MAX_AT_ONCE)
    ctx.afterReply(() => user.deliver({ ...news, messages: part }))
  }
}

type Appended = Extract<AppendResult, { ok: true }>

/** What is only for the user's own devices and not stored needs no conversation on its way. */
async function notifyOwnDevices(ctx: Context, msg: MsgData): Promise<SentNotification> {
  const home = conversationIDFor(msg, false)
  const sendTime = ctx.now()
  const stamp = { serverMsgID: messageID(), sendTime, seq: 0, status: MessageStatus.Sent }
  const delivery = {
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
  }
  const tell = () => ctx.user(msg.sendID).deliver(delivery)
  if (ctx.caller?.userID === msg.sendID) ctx.afterReply(tell)
  else await tell()
  return { serverMsgID: stamp.serverMsgID, clientMsgID: msg.clientMsgID, sendTime }
}
