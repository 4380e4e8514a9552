import type { Refusal } from './outcome.ts'

/* Messages, log bounds and conversation facts that cross object RPC. */

/** The two logs of a conversation's object: what people wrote, and what the server tells their clients. */
export type LogName = 'chat' | 'notification'

/** One message on its way into a conversation. */
export interface AppendItem {
  operationID: string
  sendID: string
  recvID: string
  groupID: string
  clientMsgID: string
  serverMsgID: string
  sessionType: number
  contentType: number
  /** The client's clock, ms; dates a retry. */
  createTime: number
  /** ms; 0 lets the conversation assign the time. */
  sendTime: number
  log: LogName
  /** Messages that are not stored take no seq and are only pushed. */
  stored: boolean
  /** Whether the sender's own devices get it too. */
  senderSync: boolean
  /** The sender's own object gives it to the sender's devices; otherwise the conversation delivers to the sender too. */
  senderHasIt: boolean
  /** Spared the checks of who may write here: what the service itself says. */
  exempt: boolean
  /** The encoded MsgData, without seq, serverMsgID and times: the conversation appends those. */
  msg: Uint8Array
}

export type AppendResult =
  | {
      ok: true
      seq: number
      serverMsgID: string
      sendTime: number
      duplicate: boolean
      /** The lowest seq of others that is still on its way to the sender, when there is one. */
      pendingFrom?: number
    }
  | { ok: false; refusal: Refusal }

/** A message as the conversation hands it to a member's object: complete, encoded once for everybody. */
export interface DeliveredMessage {
  /** 0 for a message that is not stored. */
  seq: number
  sendTime: number
  sendID: string
  operationID: string
  msg: Uint8Array
  /** Takes its place in the order and is not pushed: a sync finds it. */
  silent?: boolean
}

/** That a log has something new for a member. */
export interface News {
  conversationID: string
  /** Name of the ConversationObject that keeps this log. */
  home: string
  about: About
}

/** What of a group's chat one member reads, as the group keeps it: after joining, and before having left. */
export interface Bounds {
  /** 0 = no bound. */
  minSeq: number
  left: boolean
  /** The newest seq when the member left, 0 when the chat was empty then; says nothing of who is a member. */
  maxSeq: number
  /** Name of the RelayObject that serves this member; "" when the group itself delivers. */
  relay: string
}

export interface StoredMessage {
  seq: number
  msg: Uint8Array
}

/** As the upper bound of a reader: not even the first message. */
export const READS_NOTHING = -1

/**
 * Who reads, and the reader's own bounds: what was cleared below, what came after leaving above. 0 = no bound, and above
 * `READS_NOTHING`.
 */
export interface ReadWindow {
  userID: string
  minSeq: number
  maxSeq: number
}

/** Messages of a log within `lower` ≤ seq ≤ `upper`, which is the owner's window cut to what the log holds. */
export interface LogSlice {
  lower: number
  upper: number
  messages: StoredMessage[]
}

/** Where a log stands, and how far one member's own messages reach: what they sent they have read. */
export interface LogState {
  maxSeq: number
  maxSeqTime: number
  lastSentSeq: number
}

/** What a conversation is, as one of its members sees it: the other user, or the group. */
export interface About {
  sessionType: number
  peerUserID: string
  groupID: string
}
