import { withServiceFields } from '../../../features/message/send/service-fields.ts'
import { WsRequestID } from '../../../protocol/constants/ws-request.ts'
import type { WsRequest } from '../../../protocol/envelope/index.ts'
import { ImError } from '../../../protocol/errors.ts'
import {
  DelUserPushTokenReq,
  decodePayload,
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  GetLastMessageReq,
  GetMaxSeqReq,
  GetMaxSeqResp,
  GetSeqMessageReq,
  MsgData,
  PullMessageBySeqsReq,
  SetAppBackgroundStatusReq,
  SubUserOnlineStatus,
  SubUserOnlineStatusTips,
} from '../../../protocol/proto/index.ts'
import { encodeSendMsgResp } from '../../../protocol/push-messages.ts'
import { readMessage } from '../../../protocol/read-message.ts'
import { lastMessages, MAX_PULL_BYTES, pullRanges, pullSeqs } from '../messages/pull.ts'
import { sendMessage } from '../messages/send.ts'
import { newestSeqs, seqViews } from '../messages/sync.ts'
import { subscribePresence } from '../notify/subscribe-presence.ts'
import type { UserCore } from '../user-core.ts'
import { MAX_REPLY_BYTES, trimLastMessages, trimReply } from './trim-reply.ts'

/** A request's answer. */
interface Answer {
  data: Uint8Array
  /** Runs after the answer was sent. */
  after?: () => void
}

type Handler = (user: UserCore, socket: WebSocket, request: WsRequest) => Promise<Answer>

const EMPTY = new Uint8Array()

/** Space in a frame for the envelope and for what stands around the messages. */
const ENVELOPE_BYTES = 16 * 1024

/** The most ranges of 1002, and conversations of 1005 and 1007; the SDKs send about 100. */
const MAX_RANGES = 1_000
/** The most seqs of 1005 over all conversations; the SDKs send at most 50. */
const MAX_SEQS = 10_000
/** The most conversations of 1006, as in the REST call. */
const MAX_CONVERSATIONS = 10_000
/** The most users of 2005: as many as one connection may subscribe to. */
const MAX_SUBSCRIBED = 3_000

/** The requests a device can make over its socket, by ReqIdentifier. */
const HANDLERS: Readonly<Record<number, Handler>> = {
  async [WsRequestID.GetNewestSeq](user, _socket, { data }) {
    requireSelf(user, decodePayload(GetMaxSeqReq, data).userID)
    return { data: GetMaxSeqResp.encode({ maxSeqs: await newestSeqs(user), minSeqs: {} }).finish() }
  },

  async [WsRequestID.PullMsgByRange](user, socket, { data }) {
    const req = decodePayload(PullMessageBySeqsReq, data)
    requireSelf(user, req.userID)
    requireAtMost(req.seqRanges.length, MAX_RANGES, 'seqRanges')
    const frame = frameOf(user, socket)
    return { data: trimReply(await pullRanges(user, req.seqRanges, req.order, frame.maxBytes), frame.bytes) }
  },

  async [WsRequestID.SendMsg](user, socket, { data, operationID }) {
    const { pushToSender, modify, ...sent } = await sendMessage(
      user,
      withServiceFields(readMessage(data), user.devices.of(socket).platformID),
      operationID,
    )
    // The answer goes first: the JS SDK recognizes its own message by the answer that it got before.
    const modified = modify ? MsgData.encode(modify).finish() : null
    return { data: encodeSendMsgResp(sent, modified), after: () => pushToSender(socket) }
  },

  async [WsRequestID.SendSignalMsg]() {
    // OpenIM: the open-source edition answers with this code; the SDKs then report that there is no call service.
    throw ImError.args('call signals are not supported')
  },

  async [WsRequestID.PullMsgBySeqList](user, socket, { data }) {
    const req = decodePayload(GetSeqMessageReq, data)
    requireSelf(user, req.userID)
    requireAtMost(req.conversations.length, MAX_RANGES, 'conversations')
    const seqs = req.conversations.reduce((sum, conversation) => sum + conversation.seqs.length, 0)
    requireAtMost(seqs, MAX_SEQS, 'seqs')
    const frame = frameOf(user, socket)
    return { data: trimReply(await pullSeqs(user, req.conversations, req.order, frame.maxBytes), frame.bytes) }
  },

  async [WsRequestID.GetConvMaxReadSeq](user, _socket, { data }) {
    const req = decodePayload(GetConversationsHasReadAndMaxSeqReq, data)
    requireSelf(user, req.userID)
    requireAtMost(req.conversationIDs.length, MAX_CONVERSATIONS, 'conversationIDs')
    const views = await seqViews(user, req.conversationIDs.length > 0 ? req.conversationIDs : null)
    return {
      data: GetConversationsHasReadAndMaxSeqResp.encode({
        seqs: Object.fromEntries(views.map((view) => [view.conversationID, view])),
        pinnedConversationIDs: req.returnPinned ? user.conversations.idsHaving('pinned') : [],
      }).finish(),
    }
  },

  async [WsRequestID.PullConvLastMessage](user, socket, { data }) {
    const req = decodePayload(GetLastMessageReq, data)
    requireSelf(user, req.userID)
    requireAtMost(req.conversationIDs.length, MAX_RANGES, 'conversationIDs')
    const frame = frameOf(user, socket)
    const { messages } = await lastMessages(user, req.conversationIDs, frame.maxBytes)
    return { data: trimLastMessages(messages, frame.bytes) }
  },

  async [WsRequestID.LogoutMsg](user, socket, { data }) {
    requireSelf(user, decodePayload(DelUserPushTokenReq, data).userID)
    const { platformID } = user.devices.of(socket)
    const after = () => {
      user.devices.closeLoggedOut(socket)
      user.pushBuffer.removeTokens(platformID)
    }
    return { data: EMPTY, after }
  },

  async [WsRequestID.SetBackgroundStatus](user, socket, { data }) {
    // Some clients leave the userID empty here; the socket identifies the user.
    user.devices.setBackground(socket, decodePayload(SetAppBackgroundStatusReq, data).isBackground)
    return { data: EMPTY }
  },

  async [WsRequestID.SubUserOnlineStatus](user, socket, { data }) {
    const req = decodePayload(SubUserOnlineStatus, data)
    requireAtMost(req.subscribeUserID.length, MAX_SUBSCRIBED, 'subscribeUserID')
    const { connID } = user.devices.of(socket)
    const tips = await subscribePresence(user, connID, req.subscribeUserID, req.unsubscribeUserID)
    return { data: SubUserOnlineStatusTips.encode(tips).finish() }
  },
}

/** The handler of a request, or null for a number that OpenIM does not know. */
export function handlerOf(reqIdentifier: number): Handler | null {
  return Object.hasOwn(HANDLERS, reqIdentifier) ? (HANDLERS[reqIdentifier] ?? null) : null
}

/** How many bytes of messages an answer on this connection may read, and the size of the frame for an answer. */
function frameOf(user: UserCore, socket: WebSocket): { maxBytes: number; bytes: (data: Uint8Array) => number } {
  const { sdkType, compression } = user.devices.of(socket)
  // The JSON envelope has the messages in base64: four bytes for three.
  const uncompressed = sdkType === 'js' ? (MAX_REPLY_BYTES * 3) / 4 : MAX_REPLY_BYTES
  return {
    maxBytes: compression === 'gzip' ? MAX_PULL_BYTES : uncompressed - ENVELOPE_BYTES,
    bytes: (data) => user.devices.frameBytes(socket, data),
  }
}

function requireAtMost(count: number, max: number, field: string): void {
  if (count > max) throw ImError.args(`${field}: there can be at most ${max}, and the request has ${count}`)
}

function requireSelf(user: UserCore, userID: string): void {
  if (userID !== user.userID) throw ImError.noPermission(`the connection belongs to ${user.userID}, not to ${userID}`)
}
