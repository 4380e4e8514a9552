import type { MemberSettings } from './conversation.ts'
import type { Bounds, DeliveredMessage, LogUpdate } from './messages.ts'

/*
 * The RPC contract of the UserObject. There is one object per user. It owns the user's sockets, sessions, seq cursors and
 * unread marks, conversation settings, presence and its subscribers, and the state of offline push. Features import this
 * interface, never the class.
 */

/** New messages of one log, in order, for one member. */
export interface Delivery extends LogUpdate {
  messages: DeliveredMessage[]
  /** Present when the user has joined or left, or when another object delivers from now on. */
  bounds?: Bounds
  /** The user may have these messages already: the conversation restarted before the first delivery was confirmed. */
  redelivered?: boolean
  /** The lowest seq that reaches the user another way and may still be on its way; lower than these messages. */
  expectFrom?: number
}

/**
 * The user's state after a delivery. `online`: a device is connected. `marked`: no device is connected and the log is
 * marked unread, so further deliveries can be skipped until the next sync. `offline`: no device is connected, and further
 * messages must be delivered.
 */
export type DeliveryResult = 'online' | 'marked' | 'offline'

/** A message that may cause an offline push. */
export interface PushCheck {
  conversationID: string
  /** Name of the ConversationObject that stores its log. */
  home: string
  sessionType: number
  /** 0 for a message that is not stored. */
  seq: number
  /** Whether it raises the badge of the app. */
  countsOnBadge: boolean
}

/** The owner's view of a conversation. OpenIM: the fields are those of the conversation on the wire. */
export interface ConversationRow {
  ownerUserID: string
  conversationID: string
  recvMsgOpt: number
  conversationType: number
  userID: string
  groupID: string
  isPinned: boolean
  attachedInfo: string
  isPrivateChat: boolean
  groupAtType: number
  ex: string
  burnDuration: number
  minSeq: number
  maxSeq: number
  msgDestructTime: number
  latestMsgDestructTime: number
  isMsgDestruct: boolean
}

/** The readable seqs and the read seq of one conversation, as its owner sees it. */
export interface SeqView {
  conversationID: string
  home: string
  minSeq: number
  maxSeq: number
  maxSeqTime: number
  hasReadSeq: number
}

/** A version log's answer to a reader who has the version `version` (see `sync/compute-delta.ts`). */
export interface Delta {
  versionID: string
  version: number
  full: boolean
  deleted: string[]
  inserted: string[]
  updated: string[]
  sortVersion: number
  /** Whether the owner of the list also changed: for a list of members, the group. */
  ownerChanged: boolean
}

/** An owner's changes of a conversation; absent fields stay as they are. */
export interface ConversationChange {
  conversationID: string
  conversationType: number
  userID: string
  groupID: string
  recvMsgOpt?: number
  isPinned?: boolean
  attachedInfo?: string
  isPrivateChat?: boolean
  groupAtType?: number
  ex?: string
  burnDuration?: number
  msgDestructTime?: number
  isMsgDestruct?: boolean
}

/** The home of one of the user's logs, and the bounds within which the user may read it, as in `ReadWindow`. */
export interface LogView {
  home: string
  minSeq: number
  maxSeq: number
}

/** A live connection, as administrators see it. */
export interface OnlineConnection {
  platformID: number
  connID: string
  isBackground: boolean
  token: string
}

/** Messages of one log that a user pulled. */
export interface PulledLog {
  conversationID: string
  msgs: Uint8Array[]
  isEnd: boolean
  endSeq: number
}

export interface PullRange {
  conversationID: string
  begin: number
  end: number
  /** The maximum number of messages: the answer has the newest messages of the range. */
  num: number
}

export type SessionState = 'normal' | 'kicked' | 'unknown'

/** A REST call that is about to send a message. */
export interface PendingRestSend {
  operationID: string
  /** Name of the ConversationObject that will store the message. */
  home: string
  sendID: string
  clientMsgID: string
}

export interface UserRpc {
  /** Registers a newly signed token, and applies the multi-login policy to the older tokens. */
  openSession(session: { platformID: number; key: string; expiresAt: number }): Promise<void>
  /** @param pendingSend the send that this call is about to make; recorded for `wasRestSendStored` if the token is in force */
  sessionState(platformID: number, key: string, pendingSend?: PendingRestSend): Promise<SessionState>
  /** Kicks every connection and every token of one platform. */
  forceLogout(platformID: number): Promise<void>
  /** Delivers new messages: pushes them to the connected sockets in order, and marks the log unread. */
  deliver(delivery: Delivery): Promise<DeliveryResult>
  /**
   * Marks a log unread, so that a device asks for it at the next sync; `deliver` pushes the messages later.
   * @param firstSeq the lowest seq that is still on its way to the user: higher seqs that arrive first wait for it
   */
  markUnread(news: LogUpdate, firstSeq: number): Promise<void>
  /** Conversations in row order; null = all. */
  conversations(conversationIDs: string[] | null): Promise<ConversationRow[]>
  /** One page in row order, and the count of all rows. `pageNumber` starts at 1. */
  conversationPage(pageNumber: number, showNumber: number): Promise<{ total: number; rows: ConversationRow[] }>
  conversationDelta(versionID: string, version: number): Promise<{ delta: Delta; rows: ConversationRow[] }>
  conversationVersion(): Promise<{ versionID: string; version: number; conversationIDs: string[] }>
  /** Chat conversations with current seqs, read from the conversations that are marked unread. Null = all. */
  seqViews(conversationIDs: string[] | null): Promise<SeqView[]>
  /** Applies a change, and creates the row if it does not exist. Answers whether the row changed. */
  setConversation(change: ConversationChange): Promise<boolean>
  deleteConversations(conversationIDs: string[]): Promise<void>
  /** Sets `ex` of all conversations with the given peer. Answers the conversations that changed. */
  setExOfPeer(peerUserID: string, ex: string): Promise<string[]>
  /** Copies the user's global receive option to the conversations, whose send checks use it. */
  setGlobalRecvMsgOpt(globalRecvMsgOpt: number): Promise<void>
  /** Sets the number that the app's badge shows. Messages that count on the badge raise it later. */
  setAppBadge(appUnreadCount: number): Promise<void>
  /** Decides about an offline push for a message that was not delivered here: the badge to show, or null for no push. */
  claimOfflinePush(question: PushCheck): Promise<number | null>
  /** The settings of this user that a new conversation needs. */
  memberSettings(conversationID: string): Promise<MemberSettings>
  /** Null when the user does not have this conversation. */
  logView(conversationID: string): Promise<LogView | null>
  /** Raises the read seq; it never decreases. */
  raiseReadSeq(conversationID: string, hasReadSeq: number): Promise<void>
  /** Makes messages below `minSeq` unreadable for the user, and marks them as read. Answers whether a value changed. */
  raiseMinSeq(conversationID: string, minSeq: number): Promise<boolean>
  /** Makes messages above `maxSeq` unreadable for the user; 0 removes the bound. Answers whether the value changed. */
  setMaxSeq(conversationID: string, maxSeq: number): Promise<boolean>
  /** The newest seqs of all logs of the user, chat and notification, without empty logs. */
  newestSeqs(): Promise<Record<string, number>>
  /** Platforms on which the user has a live connection. */
  onlinePlatforms(): Promise<number[]>
  /** Every live connection, by platform. */
  onlineConnections(): Promise<OnlineConnection[]>
  /** Subscribes another user to this user's presence. Answers the platforms on which this user is online now. */
  addPresenceSubscriber(userID: string): Promise<number[]>
  /**
   * Changes the presence subscriptions of the user's connections on a platform.
   * @returns the users whose presence these connections subscribe to now
   */
  subscribePresence(platformID: number, subscribe: string[], unsubscribe: string[]): Promise<string[]>
  /**
   * Reports the presence of another user. Answers whether a connection of this user still subscribes to the other user.
   */
  presenceChanged(userID: string, platformIDs: number[]): Promise<boolean>
  /** Messages of the ranges, ascending. Unreadable ranges are left out. `order` is OpenIM's PullOrder. */
  pullRanges(ranges: PullRange[], order: number): Promise<PulledLog[]>
  /** The other users of the newest `limit` one-to-one chats on the list, newest first. */
  recentPeers(limit: number): Promise<string[]>
  /** Names of the objects that store this user's chats, including chats that the user has deleted from the list. */
  conversationHomes(): Promise<string[]>
  /** Records for a day that the user's REST call with this operationID has sent its message. */
  recordRestSend(operationID: string): Promise<void>
  /** Whether this call has sent its message: the send was recorded, or the message it was about to send is stored. */
  wasRestSendStored(operationID: string): Promise<boolean>
  /** The newest visible message of each given conversation that has one. */
  lastMessages(conversationIDs: string[]): Promise<{ conversationID: string; msg: Uint8Array }[]>
}
