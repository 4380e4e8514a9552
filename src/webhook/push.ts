import { ContentType } from '../protocol/constants/content-type.ts'
import { platformName } from '../protocol/constants/platform.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { type AskContext, askBefore } from './before.ts'
import type { OfflinePushFields } from './commands.ts'
import { contentText } from './message-fields.ts'

export interface OfflinePush {
  userIDs: readonly string[]
  /** Null when neither the message nor the app says anything about it. */
  info: OfflinePushFields | null
}

/**
 * Before these users are rung by their vendors' pushes. The app may choose others, and other words; of typing it is
 * never asked.
 * @throws ImError the refusal; 90004 or 90007 when the app must be heard and cannot be
 */
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
