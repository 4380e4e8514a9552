import type { RevokedMessage, Revoker } from '../../../contracts/conversation.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { Members } from '../members/members.ts'
import type { MessageLog } from './message-log.ts'

/** Quotes of a revoked message are looked for among so many messages after it. */
const MAX_QUOTE_SEARCH = 5_000

const OWNER = 100
const ADMIN = 60

/**
 * Turns a message into the notice that it was revoked. It keeps its seq, so that every device finds the notice in its
 * place. Who quoted it keeps the quote but not what it said.
 */
export function revoke(log: MessageLog, members: Members, seq: number, by: Revoker, now: number): RevokedMessage {
  const stored = log.read(seq)
  const msg = stored ? MsgData.decode(stored.msg) : null
  // The newest message of a log is emptied where any other one is erased.
  if (!msg || msg.status >= MessageStatus.Deleted) throw ImError.notFound(`the conversation has no message ${seq}`)
  if (msg.contentType === ContentType.MsgRevokeNotification) throw ImError.alreadyRevoked(`message ${seq} was revoked`)
  const role = members.get(by.userID)?.roleLevel ?? 0
  if (!by.isAppAdmin && by.userID !== msg.sendID && !outranks(role, members.get(msg.sendID)?.roleLevel ?? 0)) {
    throw ImError.noPermission(`${by.userID} may not revoke the message of ${msg.sendID}`)
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

/** In a group its owner revokes anybody's messages, an administrator those of ordinary members and of who has left. */
function outranks(role: number, senderRole: number): boolean {
  return role === OWNER || (role === ADMIN && senderRole < ADMIN)
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
      ...keptOf(element.quoteMessage),
      contentType: ContentType.MsgRevokeNotification,
      content: new TextDecoder().decode(notice),
    }
    log.rewrite(at, MsgData.encode({ ...msg, content: encodeJson(element) }).finish())
  }
}

/** Everything of a quoted message but the elements that repeat what it said. */
function keptOf(quoted: QuotedMessage): QuotedMessage {
  return Object.fromEntries(Object.entries(quoted).filter(([key]) => !key.endsWith('Elem')))
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Content is the clients' own; what is no JSON quotes nothing. */
function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content))
  } catch {
    return null
  }
}
