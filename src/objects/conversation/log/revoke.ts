import type { RevokedMessage, Revoker } from '../../../contracts/conversation.ts'
import { ContentType, isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { requireKind } from '../members/require-kind.ts'
import type { Members } from '../state/members.ts'
import type { MessageLog } from '../state/message-log.ts'

/** Quotes of a revoked message are searched in this many messages after it. */
const MAX_QUOTE_SEARCH = 5_000

/**
 * Replaces a message by the notice that it was revoked. The notice keeps the seq, so that every device finds it in the
 * place of the message. Messages that quote it keep the quote, without the quoted content.
 * @throws ImError 1001 for a notification of the service, 1002 without permission, 1004 when there is no such message, 1404 when it was revoked before
 */
export function revoke(conversation: ConversationCore, seq: number, by: Revoker): RevokedMessage {
  requireKind(conversation)
  const { state, now } = conversation
  return state.transaction(() => replaceByNotice(state.logs.chat, state.members, seq, by, now()))
}

function replaceByNotice(log: MessageLog, members: Members, seq: number, by: Revoker, now: number): RevokedMessage {
  const stored = log.read(seq)
  const msg = stored ? MsgData.decode(stored.msg) : null
  // An erased message has no row, except the newest one of the log: it is emptied and has the status "deleted".
  if (!msg || msg.status >= MessageStatus.Deleted) {
    throw ImError.notFound(`the conversation has no message with seq ${seq}`)
  }
  if (msg.contentType === ContentType.MsgRevokeNotification)
    throw ImError.alreadyRevoked(`the message with seq ${seq} was revoked before`)
  const role = members.get(by.userID)?.roleLevel ?? 0
  if (!by.isAppAdmin && by.userID !== msg.sendID && !outranks(role, members.get(msg.sendID)?.roleLevel ?? 0)) {
    throw ImError.noPermission(`${by.userID} may not revoke a message of ${msg.sendID}`)
  }
  if (isNotificationKind(msg.contentType) && msg.contentType !== ContentType.OANotification) {
    throw ImError.args(`the message with seq ${seq} is a notification of the service: it cannot be revoked`)
  }
  const detail = {
    revokerID: by.userID,
    revokerRole: role,
    clientMsgID: msg.clientMsgID,
    revokerNickname: by.nickname,
    revokeTime: now,
    sourceMessageSendTime: msg.sendTime,
    sourceMessageSendID: msg.sendID,
    sourceMessageSenderNickname: msg.senderNickname,
    sessionType: msg.sessionType,
    seq,
    ex: msg.ex,
  }
  const content = encodeJson({ detail: JSON.stringify(detail) })
  log.rewrite(seq, MsgData.encode({ ...msg, contentType: ContentType.MsgRevokeNotification, content }).finish())
  rewriteQuotes(log, msg.clientMsgID, seq, content)
  return {
    clientMsgID: msg.clientMsgID,
    sendID: msg.sendID,
    recvID: msg.recvID,
    groupID: msg.groupID,
    sessionType: msg.sessionType,
    revokeTime: now,
  }
}

/**
 * In a group, the owner may revoke every message. An administrator may revoke the messages of ordinary and former
 * members.
 */
function outranks(role: number, senderRole: number): boolean {
  return role === GroupRole.Owner || (role === GroupRole.Admin && senderRole < GroupRole.Admin)
}

interface QuotedMessage {
  clientMsgID?: string
  contentType?: number
  content?: string
}

function rewriteQuotes(log: MessageLog, clientMsgID: string, seq: number, notice: Uint8Array): void {
  for (const { seq: at, msg: bytes } of log.readRange(seq + 1, seq + MAX_QUOTE_SEARCH, MAX_QUOTE_SEARCH)) {
    const msg = MsgData.decode(bytes)
    if (msg.contentType !== ContentType.Quote && msg.contentType !== ContentType.AtText) continue
    const element = parseJson(msg.content) as { quoteMessage?: QuotedMessage } | null
    if (element?.quoteMessage?.clientMsgID !== clientMsgID) continue
    element.quoteMessage = {
      ...withoutElements(element.quoteMessage),
      contentType: ContentType.MsgRevokeNotification,
      content: new TextDecoder().decode(notice),
    }
    log.rewrite(at, MsgData.encode({ ...msg, content: encodeJson(element) }).finish())
  }
}

/** The fields of a quoted message without the elements that repeat its content. */
function withoutElements(quoted: QuotedMessage): QuotedMessage {
  return Object.fromEntries(Object.entries(quoted).filter(([key]) => !key.endsWith('Elem')))
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** The content is chosen by the client. Content that is not JSON quotes no message. */
function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content))
  } catch {
    return null
  }
}
