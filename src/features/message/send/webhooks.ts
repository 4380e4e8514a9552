import type { Config } from '../../../config/index.ts'
import type { Hook } from '../../../config/webhook.ts'
import type { WebhookJob } from '../../../contracts/jobs.ts'
import { ContentType, isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import type { AfterName } from '../../../protocol/constants/webhook.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { MsgData } from '../../../protocol/proto/index.ts'
import { derivedID } from '../../../runtime/ids.ts'
import { type AfterWebhookContext, queueWebhookJobs, webhookJobsFor } from '../../../webhook/after.ts'
import { type BeforeWebhookContext, callBeforeWebhook } from '../../../webhook/before.ts'
import type { BeforeReply } from '../../../webhook/commands.ts'
import { messageFields, replyKey } from '../../../webhook/message-fields.ts'

type Told = Pick<MsgData, 'contentType' | 'sessionType' | 'recvID' | 'groupID'>

/** Whether the app is asked about this message before it is sent. Without webhooks this is all that they cost. */
export function asksBeforeSend({ webhooks, admins }: Config, msg: Told & { sendID: string }): boolean {
  const { beforeSendSingleMsg, beforeSendGroupMsg, beforeMsgModify } = webhooks
  if (!beforeSendSingleMsg && !beforeSendGroupMsg && !beforeMsgModify) return false
  return wants(beforeMsgModify, msg) || wants(firstHookFor(webhooks, admins, msg), msg)
}

/** OpenIM: in single chats an administrator of the app is not asked about, in groups like anybody else. */
function firstHookFor(
  { beforeSendSingleMsg, beforeSendGroupMsg }: Config['webhooks'],
  admins: Config['admins'],
  { sessionType, sendID }: { sessionType: number; sendID: string },
): Hook | undefined {
  if (sessionType === SessionType.Group) return beforeSendGroupMsg
  return sessionType === SessionType.Single && !admins.has(sendID) ? beforeSendSingleMsg : undefined
}

/** Notifications and typing are never told; what else is left out says the configuration. */
function wants(hook: Hook | undefined, { contentType, sessionType, recvID, groupID }: Told): hook is Hook {
  if (!hook || isNotificationKind(contentType) || contentType === ContentType.Typing) return false
  if (sessionType !== SessionType.Single && sessionType !== SessionType.Group) return false
  if (hook.deniedTypes.has(contentType)) return false
  if (hook.attentionIDs.size === 0) return true
  return hook.attentionIDs.has(sessionType === SessionType.Group ? groupID : recvID)
}

/** A message that the app has agreed to. */
export interface Approved {
  msg: MsgData
  serverMsgID: string
  /** The app has changed it: its sender has to hear what it is now. */
  modified: boolean
}

/**
 * Asks the app whether a message may be sent, and as what.
 * @throws ImError the app's refusal; 90004 or 90007 when it must be heard and cannot be
 */
export async function askBeforeSend(
  ctx: BeforeWebhookContext & { now(): number },
  msg: MsgData,
  serverMsgID: string,
): Promise<Approved> {
  const { webhooks, admins } = ctx.config
  const shown = messageFields({ ...msg, serverMsgID, sendTime: msg.sendTime || ctx.now() }, ctx.operationID)
  if (wants(firstHookFor(webhooks, admins, msg), msg)) {
    if (msg.sessionType === SessionType.Group) {
      await callBeforeWebhook(ctx, 'beforeSendGroupMsg', { ...shown, groupID: msg.groupID })
    } else {
      await callBeforeWebhook(ctx, 'beforeSendSingleMsg', { ...shown, recvID: msg.recvID })
    }
  }
  const reply = wants(webhooks.beforeMsgModify, msg) ? await callBeforeWebhook(ctx, 'beforeMsgModify', shown) : null
  const changes = reply ? changesOf(msg, reply) : {}
  return {
    msg: { ...msg, ...changes },
    serverMsgID: reply?.serverMsgID ?? serverMsgID,
    modified: Object.keys(changes).length > 0,
  }
}

/** The fields that the app has set to something else. */
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

/** @throws ImError 1001, as OpenIM answers, when it is not what clients can read as a message's content */
function contentBytes(content: string): Uint8Array {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new TextEncoder().encode(content)
  } catch {
    // Told below.
  }
  throw ImError.args("the app's webhook beforeMsgModify answered a content that is no JSON object")
}

/** The changed fields as REST callers get them. OpenIM leaves out the three that the answer has anyway. */
export function modifyForRest(before: MsgData, after: MsgData): Record<string, unknown> {
  const asJson = (msg: MsgData): [string, unknown][] => {
    const { serverMsgID: _, clientMsgID: __, sendTime: ___, content, ...rest } = msg
    return Object.entries({ ...rest, content: new TextDecoder().decode(content) })
  }
  const old = new Map(asJson(before))
  return Object.fromEntries(
    asJson(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old.get(name))),
  )
}

/** Whether the app wants to hear of messages that were sent. */
export function tellsAfterSend({ webhooks }: Config): boolean {
  const { afterSendSingleMsg, afterSendGroupMsg, afterMsgSaveDB } = webhooks
  return Boolean(afterSendSingleMsg || afterSendGroupMsg || afterMsgSaveDB)
}

/** A message that a conversation has taken. */
export interface TakenMessage {
  operationID: string
  conversationID: string
  /** As it is in the log; `seq` 0 = not stored. */
  msg: MsgData
  /** The status that its sender gave it. */
  status: number
}

/** Tells the app of messages that a conversation has taken. Never fails: they are sent. */
export async function tellAfterSend(ctx: AfterWebhookContext, messages: readonly TakenMessage[]): Promise<void> {
  try {
    await queueWebhookJobs(
      ctx,
      messages.flatMap((message) => afterSendJobs(ctx, message)),
    )
  } catch (error) {
    ctx.log.error('the app could not be told of messages', error, { count: messages.length })
  }
}

function afterSendJobs(
  ctx: Pick<AfterWebhookContext, 'config' | 'now'>,
  { operationID, conversationID, msg, status }: TakenMessage,
): WebhookJob[] {
  const { webhooks } = ctx.config
  const { seq, serverMsgID, recvID, groupID } = msg
  const inGroup = msg.sessionType === SessionType.Group
  // A crash has messages told of again; by this ID the app knows that it was told.
  const about = (name: AfterName) => ({
    operationID,
    key: replyKey(msg),
    eventID: derivedID('webhook', name, conversationID, String(seq), serverMsgID),
  })
  const jobs: WebhookJob[] = []
  if (wants(inGroup ? webhooks.afterSendGroupMsg : webhooks.afterSendSingleMsg, msg)) {
    // OpenIM tells of a message before it has a seq.
    const fields = messageFields({ ...msg, seq: 0, status }, operationID)
    jobs.push(
      ...(inGroup
        ? webhookJobsFor(ctx, 'afterSendGroupMsg', { ...about('afterSendGroupMsg'), fields: { ...fields, groupID } })
        : webhookJobsFor(ctx, 'afterSendSingleMsg', { ...about('afterSendSingleMsg'), fields: { ...fields, recvID } })),
    )
  }
  if (seq > 0 && wants(webhooks.afterMsgSaveDB, msg)) {
    const to = inGroup ? { recvID: '', groupID } : { recvID, groupID: '' }
    const fields = { ...messageFields(msg, operationID), ...to }
    jobs.push(...webhookJobsFor(ctx, 'afterMsgSaveDB', { ...about('afterMsgSaveDB'), fields }))
  }
  return jobs
}
