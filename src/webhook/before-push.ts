import type { Config } from '../config/index.ts'
import { ContentType } from '../protocol/constants/content-type.ts'
import { platformName } from '../protocol/constants/platform.ts'
import { SessionType } from '../protocol/constants/session-type.ts'
import { ImError } from '../protocol/errors.ts'
import { OptionKey, optionIsOn } from '../protocol/message-options.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { type BeforeWebhookContext, callBeforeWebhook } from './before.ts'
import type { OfflinePushInfoFields } from './commands.ts'
import { contentText } from './message-fields.ts'

/** To whose devices a message is pushed, of those who take part in its conversation. */
export type Audience = 'everybody' | 'nobody' | ReadonlySet<string>

/** Whether a message is pushed to the devices of one user. */
export function isInAudience(audience: Audience, userID: string): boolean {
  return audience === 'everybody' || (audience !== 'nobody' && audience.has(userID))
}

/**
 * Whether the app is asked about a message before it is pushed to devices. Without these hooks this is all that they
 * cost.
 */
export function hasOnlinePushWebhook(
  { webhooks }: Pick<Config, 'webhooks'>,
  { sessionType, contentType }: Pick<MsgData, 'sessionType' | 'contentType'>,
): boolean {
  const hook = sessionType === SessionType.Group ? webhooks.beforeGroupOnlinePush : webhooks.beforeOnlinePush
  return hook !== undefined && contentType !== ContentType.Typing && !hook.deniedTypes.has(contentType)
}

/** How long a message may wait for the app at most; ms. */
export function maxOnlinePushWaitMs({ webhooks }: Pick<Config, 'webhooks'>): number {
  const { beforeOnlinePush, beforeGroupOnlinePush } = webhooks
  return Math.max(beforeOnlinePush?.timeoutMs ?? 0, beforeGroupOnlinePush?.timeoutMs ?? 0)
}

/**
 * Before a message is pushed to the devices that are connected, and to phones. The app may stop that, and in a group
 * name those whose devices get it. An app that must be heard and cannot be stops it, too.
 */
export async function beforeOnlinePush(ctx: BeforeWebhookContext, msg: MsgData): Promise<Audience> {
  try {
    if (msg.sessionType !== SessionType.Group) {
      await callBeforeWebhook(ctx, 'beforeOnlinePush', { ...pushFields(ctx, msg), userIDList: receiversOf(msg) })
      return 'everybody'
    }
    const reply = await callBeforeWebhook(ctx, 'beforeGroupOnlinePush', { ...pushFields(ctx, msg), seq: msg.seq })
    return reply?.userIDList && reply.userIDList.length > 0 ? new Set(reply.userIDList) : 'everybody'
  } catch (error) {
    if (!(error instanceof ImError)) throw error
    ctx.log.info('the app stops the push of a message', { code: error.code, serverMsgID: msg.serverMsgID })
    return 'nobody'
  }
}

/** OpenIM: the receiver first, and the sender too where the sender's other devices get the message. */
function receiversOf({ sendID, recvID, options }: MsgData): string[] {
  return sendID !== recvID && optionIsOn(options, OptionKey.SenderSync) ? [recvID, sendID] : [recvID]
}

export interface OfflinePushDecision {
  userIDs: readonly string[]
  /** Null when neither the message nor the app says anything about it. */
  info: OfflinePushInfoFields | null
}

/**
 * Before these users are rung by their vendors' pushes. The app may choose others, and other words; of typing it is
 * never asked.
 * @throws ImError the refusal; 90004 or 90007 when the app must be heard and cannot be
 */
export async function beforeOfflinePush(
  ctx: BeforeWebhookContext,
  msg: MsgData,
  userIDs: readonly string[],
): Promise<OfflinePushDecision> {
  const asGiven = { userIDs, info: msg.offlinePushInfo ?? null }
  if (!ctx.config.webhooks.beforeOfflinePush || msg.contentType === ContentType.Typing) return asGiven
  const fields = { ...pushFields(ctx, msg), userIDList: userIDs, ...msg.offlinePushInfo }
  const reply = await callBeforeWebhook(ctx, 'beforeOfflinePush', fields)
  return {
    userIDs: reply?.userIDList && reply.userIDList.length > 0 ? reply.userIDList : userIDs,
    info: reply?.offlinePushInfo ?? asGiven.info,
  }
}

function pushFields({ operationID }: BeforeWebhookContext, msg: MsgData) {
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
