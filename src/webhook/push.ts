import { ContentType } from '../protocol/constants/content-type.ts'
import { platformName } from '../protocol/constants/platform.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { type AskContext, askBefore } from './before.ts'
import type { OfflinePushFields } from './commands.ts'
import { contentText } from './message-fields.ts'

/*
 * What the app is asked about pushes. Each throws the app's refusal as an ImError, which stops the push and not the
 * message, or 90004 or 90007 when the app must be heard and cannot be. Of typing it is never asked.
 */

/** Before a single message is handed to the sockets of these users. A refusal stops the offline push, too. */
export async function beforeOnlinePush(ctx: AskContext, msg: MsgData, userIDs: readonly string[]): Promise<void> {
  if (!ctx.config.webhooks.beforeOnlinePush || msg.contentType === ContentType.Typing) return
  await askBefore(ctx, 'beforeOnlinePush', { ...pushFields(ctx, msg), userIDList: userIDs })
}

/**
 * Before a message is handed to the sockets of a group's members.
 * @returns who gets it instead of the members; null = they do
 */
export async function beforeGroupOnlinePush(ctx: AskContext, msg: MsgData): Promise<readonly string[] | null> {
  if (!ctx.config.webhooks.beforeGroupOnlinePush || msg.contentType === ContentType.Typing) return null
  const reply = await askBefore(ctx, 'beforeGroupOnlinePush', { ...pushFields(ctx, msg), seq: msg.seq })
  return reply?.userIDList && reply.userIDList.length > 0 ? reply.userIDList : null
}

export interface OfflinePush {
  userIDs: readonly string[]
  /** Null when neither the message nor the app says anything about it. */
  info: OfflinePushFields | null
}

/** Before these users are rung by their vendors' pushes. The app may choose others, and other words. */
export async function beforeOfflinePush(
  ctx: AskContext,
  msg: MsgData,
  userIDs: readonly string[],
): Promise<OfflinePush> {
  const asGiven = { userIDs, info: msg.offlinePushInfo ?? null }
  if (!ctx.config.webhooks.beforeOfflinePush || msg.contentType === ContentType.Typing) return asGiven
  const fields = { ...pushFields(ctx, msg), userIDList: userIDs, ...msg.offlinePushInfo }
  const reply = await askBefore(ctx, 'beforeOfflinePush', fields)
  return {
    userIDs: reply?.userIDList && reply.userIDList.length > 0 ? reply.userIDList : userIDs,
    info: reply?.offlinePushInfo ?? asGiven.info,
  }
}

function pushFields({ operationID }: AskContext, msg: MsgData) {
  return {
    operationID,
    platformID: msg.senderPlatformID,
    platform: platformName(msg.senderPlatformID),
    clientMsgID: msg.clientMsgID,
    sendID: msg.sendID,
    groupID: msg.groupID,
    contentType: msg.contentType,
    sessionType: msg.sessionType,
    atUserIDList: msg.atUserIDList,
    content: contentText(msg),
  }
}
