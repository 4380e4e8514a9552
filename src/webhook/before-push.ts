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

/** The participants of a conversation to whose devices a message is pushed. */
export type Audience = 'everybody' | 'nobody' | ReadonlySet<string>

/** Whether a message is pushed to the devices of one user. */
export function isInAudience(audience: Audience, userID: string): boolean {
  return audience === 'everybody' || (audience !== 'nobody' && audience.has(userID))
}

/**
 * Whether the app server is asked before this message is pushed online. This check is the only cost without webhooks.
 */
export function hasOnlinePushWebhook(
  { webhooks }: Pick<Config, 'webhooks'>,
  { sessionType, contentType }: Pick<MsgData, 'sessionType' | 'contentType'>,
): boolean {
  const hook = sessionType === SessionType.Group ? webhooks.beforeGroupOnlinePush : webhooks.beforeOnlinePush
  return hook !== undefined && contentType !== ContentType.Typing && !hook.deniedTypes.has(contentType)
}

/** The longest time (ms) that a message may wait for the app server before an online push. */
export function maxOnlinePushWaitMs({ webhooks }: Pick<Config, 'webhooks'>): number {
  const { beforeOnlinePush, beforeGroupOnlinePush } = webhooks
  return Math.max(beforeOnlinePush?.timeoutMs ?? 0, beforeGroupOnlinePush?.timeoutMs ?? 0)
}

/**
 * Asks the app server before a message is pushed to connected devices and to phones. The app server may stop the push
 * and, in a group, choose the receivers. Without `failedContinue`, a missing answer also stops the push.
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
    ctx.log.info('push refused by the app server', { code: error.code, serverMsgID: msg.serverMsgID })
    return 'nobody'
  }
}

/** OpenIM: names the receiver first, and also the sender when the sender's other devices get the message. */
function receiversOf({ sendID, recvID, options }: MsgData): string[] {
  return sendID !== recvID && optionIsOn(options, OptionKey.SenderSync) ? [recvID, sendID] : [recvID]
}

/** The receivers and the texts of an offline push, after the app server was asked. */
export interface OfflinePushDecision {
  userIDs: readonly string[]
  /** Null when neither the message nor the app server gives push texts. */
  info: OfflinePushInfoFields | null
}

/**
 * Asks the app server before an offline push to these users. The app server may choose other users and other texts. The
 * app server is never asked about typing messages.
 * @throws ImError the app server's refusal; 90004 (no answer) or 90007 (malformed answer) without `failedContinue`
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
