import type { Config } from '../../../config/index.ts'
import type { Hook } from '../../../config/webhook.ts'
import type { WebhookJob } from '../../../contracts/jobs.ts'
import { ContentType, isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import type { AfterName } from '../../../protocol/constants/webhook.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { MsgData } from '../../../protocol/proto/index.ts'
import { decodeUtf8 } from '../../../protocol/utf8.ts'
import { derivedID } from '../../../runtime/ids.ts'
import { type AfterWebhookContext, queueWebhookJobs, webhookJobsFor } from '../../../webhook/after.ts'
import { type BeforeWebhookContext, callBeforeWebhook } from '../../../webhook/before.ts'
import type { BeforeReply } from '../../../webhook/commands.ts'
import { messageFields, replyKey } from '../../../webhook/message-fields.ts'

type FilterFields = Pick<MsgData, 'contentType' | 'sessionType' | 'recvID' | 'groupID'>

/**
 * Whether a before-webhook is called for this message. A deployment without webhooks pays only this check per message.
 */
export function hasBeforeSendWebhook({ webhooks, admins }: Config, msg: FilterFields & { sendID: string }): boolean {
  const { beforeSendSingleMsg, beforeSendGroupMsg, beforeMsgModify } = webhooks
  if (!beforeSendSingleMsg && !beforeSendGroupMsg && !beforeMsgModify) return false
  return isSelectedBy(beforeMsgModify, msg) || isSelectedBy(beforeSendHook(webhooks, admins, msg), msg)
}

/** OpenIM: messages of app administrators skip the webhook in one-to-one chats, but not in groups. */
function beforeSendHook(
  { beforeSendSingleMsg, beforeSendGroupMsg }: Config['webhooks'],
  admins: Config['admins'],
  { sessionType, sendID }: { sessionType: number; sendID: string },
): Hook | undefined {
  if (sessionType === SessionType.Group) return beforeSendGroupMsg
  return sessionType === SessionType.Single && !admins.has(sendID) ? beforeSendSingleMsg : undefined
}

/**
 * Whether a webhook covers a message. Notifications and typing messages are never covered; the hook's filters select.
 */
function isSelectedBy(
  hook: Hook | undefined,
  { contentType, sessionType, recvID, groupID }: FilterFields,
): hook is Hook {
  if (!hook || isNotificationKind(contentType) || contentType === ContentType.Typing) return false
  if (sessionType !== SessionType.Single && sessionType !== SessionType.Group) return false
  if (hook.deniedTypes.has(contentType)) return false
  if (hook.attentionIDs.size === 0) return true
  return hook.attentionIDs.has(sessionType === SessionType.Group ? groupID : recvID)
}

/** A message that the app server has allowed. */
export interface ApprovedMessage {
  msg: MsgData
  serverMsgID: string
  /** The app server has changed the message, so the sender's devices must get the new version. */
  modified: boolean
}

/**
 * Calls the before-webhooks of a message: the app server may refuse the message or change its fields.
 * @throws ImError the app server's refusal; 90004 or 90007 when a webhook that must succeed has failed
 */
export async function callBeforeSendWebhooks(
  ctx: BeforeWebhookContext & { now(): number },
  msg: MsgData,
  serverMsgID: string,
): Promise<ApprovedMessage> {
  const { webhooks, admins } = ctx.config
  const shown = messageFields({ ...msg, serverMsgID, sendTime: msg.sendTime || ctx.now() }, ctx.operationID)
  if (isSelectedBy(beforeSendHook(webhooks, admins, msg), msg)) {
    if (msg.sessionType === SessionType.Group) {
      await callBeforeWebhook(ctx, 'beforeSendGroupMsg', { ...shown, groupID: msg.groupID })
    } else {
      await callBeforeWebhook(ctx, 'beforeSendSingleMsg', { ...shown, recvID: msg.recvID })
    }
  }
  const reply = isSelectedBy(webhooks.beforeMsgModify, msg)
    ? await callBeforeWebhook(ctx, 'beforeMsgModify', shown)
    : null
  const changes = reply ? changesOf(msg, reply) : {}
  return {
    msg: { ...msg, ...changes },
    serverMsgID: reply?.serverMsgID ?? serverMsgID,
    modified: Object.keys(changes).length > 0,
  }
}

/** The fields that the app server's reply changes. */
function changesOf(msg: MsgData, reply: BeforeReply<'beforeMsgModify'>): Partial<MsgData> {
  const { content, ...given } = reply
  const wanted: Partial<MsgData> = {
    ...(content !== null && { content: contentBytes(content) }),
    ...(given.recvID !== null && { recvID: given.recvID }),
    ...(given.groupID !== null && { groupID: given.groupID }),
    ...(given.clientMsgID !== null && { clientMsgID: given.clientMsgID }),
    ...(given.senderPlatformID !== null && { senderPlatformID: given.senderPlatformID }),
    ...(given.senderNickname !== null && { senderNickname: given.senderNickname }),
    ...(given.senderFaceURL !== null && { senderFaceURL: given.senderFaceURL }),
    ...(given.sessionType !== null && { sessionType: given.sessionType }),
    ...(given.msgFrom !== null && { msgFrom: given.msgFrom }),
    ...(given.contentType !== null && { contentType: given.contentType }),
    ...(given.status !== null && { status: given.status }),
    ...(given.options !== null && { options: given.options }),
    ...(given.offlinePushInfo !== null && { offlinePushInfo: given.offlinePushInfo }),
    ...(given.atUserIDList !== null && { atUserIDList: given.atUserIDList }),
    ...(given.attachedInfo !== null && { attachedInfo: given.attachedInfo }),
    ...(given.ex !== null && { ex: given.ex }),
  }
  const before: Partial<MsgData> = msg
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(before[name as keyof MsgData])
  return Object.fromEntries(Object.entries(wanted).filter(differs))
}

/** @throws ImError 1001, as in OpenIM, unless the content is a JSON object, which clients require */
function contentBytes(content: string): Uint8Array {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new TextEncoder().encode(content)
  } catch {
    // Refused below, like every content that is not a JSON object.
  }
  throw ImError.args('the app server answered the webhook beforeMsgModify with a content that is not a JSON object')
}

/**
 * The changed fields for the REST answer. OpenIM: without serverMsgID, clientMsgID and sendTime, which the answer has
 * in any case.
 */
export function modifyForRest(before: MsgData, after: MsgData): Record<string, unknown> {
  const asJson = (msg: MsgData): [string, unknown][] => {
    const { serverMsgID: _, clientMsgID: __, sendTime: ___, content, ...rest } = msg
    return Object.entries({ ...rest, content: decodeUtf8(content) })
  }
  const old = new Map(asJson(before))
  return Object.fromEntries(
    asJson(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old.get(name))),
  )
}

/** Whether any after-webhook for sent messages is configured. */
export function hasAfterSendWebhook({ webhooks }: Config): boolean {
  const { afterSendSingleMsg, afterSendGroupMsg, afterMsgSaveDB } = webhooks
  return Boolean(afterSendSingleMsg || afterSendGroupMsg || afterMsgSaveDB)
}

/** A message that a conversation has accepted. */
export interface AcceptedMessage {
  operationID: string
  conversationID: string
  /** The message as stored in the log; `seq` 0 = not stored. */
  msg: MsgData
  /** The status that the sender gave the message. */
  status: number
}

/** Queues the after-webhooks of accepted messages. It never throws: the messages are sent already. */
export async function queueAfterSendWebhooks(
  ctx: AfterWebhookContext,
  messages: readonly AcceptedMessage[],
): Promise<void> {
  try {
    await queueWebhookJobs(
      ctx,
      messages.flatMap((message) => afterSendJobs(ctx, message)),
    )
  } catch (error) {
    ctx.log.error('queueing after-webhooks of messages failed', error, { count: messages.length })
  }
}

function afterSendJobs(
  ctx: Pick<AfterWebhookContext, 'config' | 'now'>,
  { operationID, conversationID, msg, status }: AcceptedMessage,
): WebhookJob[] {
  const { webhooks } = ctx.config
  const { seq, serverMsgID, recvID, groupID } = msg
  const inGroup = msg.sessionType === SessionType.Group
  // After a crash the webhook of a message is queued again, with the same eventID, so that the app can skip a
  // duplicate.
  const eventFields = (name: AfterName) => ({
    operationID,
    key: replyKey(msg),
    eventID: derivedID('webhook', name, conversationID, String(seq), serverMsgID),
  })
  const jobs: WebhookJob[] = []
  if (isSelectedBy(inGroup ? webhooks.afterSendGroupMsg : webhooks.afterSendSingleMsg, msg)) {
    // OpenIM: this webhook is sent before the message has a seq, so seq is 0.
    const fields = messageFields({ ...msg, seq: 0, status }, operationID)
    jobs.push(
      ...(inGroup
        ? webhookJobsFor(ctx, 'afterSendGroupMsg', {
            ...eventFields('afterSendGroupMsg'),
            fields: { ...fields, groupID },
          })
        : webhookJobsFor(ctx, 'afterSendSingleMsg', {
            ...eventFields('afterSendSingleMsg'),
            fields: { ...fields, recvID },
          })),
    )
  }
  if (seq > 0 && isSelectedBy(webhooks.afterMsgSaveDB, msg)) {
    const to = inGroup ? { recvID: '', groupID } : { recvID, groupID: '' }
    const fields = { ...messageFields(msg, operationID), ...to }
    jobs.push(...webhookJobsFor(ctx, 'afterMsgSaveDB', { ...eventFields('afterMsgSaveDB'), fields }))
  }
  return jobs
}
