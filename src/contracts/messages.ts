import type { Refusal } from './outcome.ts'

/* The types of messages, log bounds and conversation facts that the objects exchange. This file belongs to no object. */

/** The two logs of a ConversationObject: `chat` for messages of users, `notification` for messages of the server. */
export type LogName = 'chat' | 'notification'

/** One message to append to a conversation. */
export interface AppendItem {
  operationID: string
  sendID: string
  recvID: string
  groupID: string
  clientMsgID: string
  serverMsgID: string
  sessionType: number
  contentType: number
  /** When the client created the message, by its own clock, ms. A retry has the same time. */
  createTime: number
  /** ms; 0 means that the conversation sets the time. */
  sendTime: number
  log: LogName
  /** A message that is not stored has no seq and is only pushed. */
  stored: boolean
  /** Whether the sender's other devices also get the message. */
  senderSync: boolean
  /**
   * True when the sender's object itself pushes the message to the sender's devices; the conversation then skips the
   * sender.
   */
  skipSender: boolean
  /** Skips the send check; for messages that the service itself sends. */
  skipChecks: boolean
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
      /** The lowest seq below this one that is still being delivered to this sender, if any. */
      pendingFrom?: number
    }
  | { ok: false; refusal: Refusal }

/** A message as the conversation delivers it to the members' objects: complete, and encoded once for all of them. */
export interface DeliveredMessage {
  /** 0 for a message that is not stored. */
  seq: number
  sendTime: number
  sendID: string
  operationID: string
  msg: Uint8Array
  /** Keeps its place in the order and is not pushed to sockets; devices get it from a sync. */
  silent?: boolean
  /** The `groupAtType` that the message gives to the receiver; absent = it does not mention the receiver. */
  groupAtType?: number
}

/** The newest message of a group that mentions a member. */
export interface Mention {
  seq: number
  groupAtType: number
}

/** Reports that a log has new messages for a member. */
export interface LogUpdate {
  conversationID: string
  /** Name of the ConversationObject that stores this log. */
  home: string
  about: ConversationInfo
}

/** The part of a group's chat that one member can read, as the group stores it: after joining and before leaving. */
export interface Bounds {
  /** 0 = no bound. */
  minSeq: number
  left: boolean
  /** The newest seq when the member left; 0 if the chat was empty then, so only `left` shows whether the user has left. */
  maxSeq: number
  /** Name of the RelayObject that serves this member; "" when the ConversationObject delivers directly. */
  relay: string
}

export interface StoredMessage {
  seq: number
  msg: Uint8Array
}

/** As an upper bound: the reader can read no message at all. */
export const READS_NOTHING = -1

/**
 * A reader with the reader's bounds: messages below `minSeq` were cleared, messages above `maxSeq` came after the reader
 * left. 0 = no bound; `maxSeq` may be `READS_NOTHING`.
 */
export interface ReadWindow {
  userID: string
  minSeq: number
  maxSeq: number
}

/** Messages of a log with `lower` ≤ seq ≤ `upper`. These bounds are the reader's window, cut to the seqs of the log. */
export interface LogSlice {
  lower: number
  upper: number
  messages: StoredMessage[]
}

/** The newest seq of a log, and the newest seq that one member sent: members have read their own messages. */
export interface LogState {
  maxSeq: number
  maxSeqTime: number
  lastSentSeq: number
}

/** The kind of a conversation and its other side as a member sees it: the other user, or the group. */
export interface ConversationInfo {
  sessionType: number
  peerUserID: string
  groupID: string
}
