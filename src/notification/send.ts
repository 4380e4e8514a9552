import type { Context } from '../platform/context.ts'
import { messageID } from '../platform/ids.ts'
import { type AppendItem, errorOf, type LogName } from '../platform/rpc.ts'
import { conversationIDFor } from '../protocol/conversation-id.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { buildNotification, type Override, type Route } from './build.ts'
import type { NotificationKind } from './kinds.ts'

/**
 * Tells clients what has changed. The notification and its chat copy are appended in one step, so that they are there
 * together or not at all; delivery is the conversation's.
 */
export async function notify(
  ctx: Context,
  kind: NotificationKind,
  route: Route,
  detail: object,
  override: Override = {},
): Promise<void> {
  const built = buildNotification(kind, route, detail, {
    clientMsgID: messageID(),
    now: ctx.now(),
    ...override,
  })
  const items = [asItem(ctx, built.notification, 'notification', built.stored)]
  // OpenIM hands over the chat's copy first: it creates the conversation that the notification is about.
  if (built.chatCopy) items.unshift(asItem(ctx, built.chatCopy, 'chat', true))
  const results = await ctx.conversation(conversationIDFor(built.notification, false)).append(items)
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
