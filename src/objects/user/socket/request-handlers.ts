import type { PulledLog } from '../../../contracts/user.ts'
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
import { encodeLastMessagesResp, encodePullMessagesResp, encodeSendMsgResp } from '../../../protocol/push-messages.ts'
import { readMessage } from '../../../protocol/read-message.ts'
import { lastMessages, pullRanges, pullSeqs } from '../messages/pull.ts'
import { sendMessage } from '../messages/send.ts'
import { newestSeqs, seqViews } from '../messages/sync.ts'
import { subscribePresence } from '../notify/subscribe-presence.ts'
import type { UserCore } from '../user-core.ts'
import { trimReply } from './trim-reply.ts'

/** A request's answer. */
interface Answer {
  data: Uint8Array
  /** Runs after the answer was sent. */
  after?: () => void
}

type Handler = (user: UserCore, socket: WebSocket, request: WsRequest) => Promise<Answer>

const EMPTY = new Uint8Array()

/** The requests a device can make over its socket, by ReqIdentifier. */
const HANDLERS: Readonly<Record<number, Handler>> = {
  async [WsRequestID.GetNewestSeq](user, _socket, { data }) {
    requireSelf(user, decodePayload(GetMaxSeqReq, data).userID)
    return { data: GetMaxSeqResp.encode({ maxSeqs: await newestSeqs(user), minSeqs: {} }).finish() }
  },

  async [WsRequestID.PullMsgByRange](user, socket, { data }) {
    const req = decodePayload(PullMessageBySeqsReq, data)
    requireSelf(user, req.userID)
    return { data: encodePull(user, socket, await pullRanges(user, req.seqRanges, req.order)) }
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
    return { data: encodePull(user, socket, await pullSeqs(user, req.conversations, req.order)) }
  },

  async [WsRequestID.GetConvMaxReadSeq](user, _socket, { data }) {
    const req = decodePayload(GetConversationsHasReadAndMaxSeqReq, data)
    requireSelf(user, req.userID)
    const views = await seqViews(user, req.conversationIDs.length > 0 ? req.conversationIDs : null)
    const pinned = req.returnPinned ? user.conversations.list(null).filter((row) => row.isPinned) : []
    return {
      data: GetConversationsHasReadAndMaxSeqResp.encode({
        seqs: Object.fromEntries(views.map((view) => [view.conversationID, view])),
        pinnedConversationIDs: pinned.map((row) => row.conversationID),
      }).finish(),
    }
  },

  async [WsRequestID.PullConvLastMessage](user, _socket, { data }) {
    const req = decodePayload(GetLastMessageReq, data)
    requireSelf(user, req.userID)
    return { data: encodeLastMessagesResp(await lastMessages(user, req.conversationIDs)) }
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
    const { connID } = user.devices.of(socket)
    const tips = await subscribePresence(user, connID, req.subscribeUserID, req.unsubscribeUserID)
    return { data: SubUserOnlineStatusTips.encode(tips).finish() }
  },
}

/** The handler of a request, or null for a number that OpenIM does not know. */
export function handlerOf(reqIdentifier: number): Handler | null {
  return Object.hasOwn(HANDLERS, reqIdentifier) ? (HANDLERS[reqIdentifier] ?? null) : null
}

/** Encodes the answer to a pull. Only the Go core limits the size of a frame. */
function encodePull(user: UserCore, socket: WebSocket, logs: PulledLog[]): Uint8Array {
  if (user.devices.of(socket).sdkType === 'js') return encodePullMessagesResp(logs)
  return trimReply(logs, (data) => user.devices.frameBytes(socket, data))
}

function requireSelf(user: UserCore, userID: string): void {
  if (userID !== user.userID) throw ImError.noPermission(`the connection belongs to ${user.userID}, not to ${userID}`)
}
