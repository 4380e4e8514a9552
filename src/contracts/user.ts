import type { MemberSettings } from './conversation.ts'
import type { Bounds, DeliveredMessage, News } from './messages.ts'

/* The RPC contract of the UserObject. Features import this interface, never the class. */

/** New messages of one log, in order, for one member. */
export interface Delivery extends News {
  messages: DeliveredMessage[]
  /** The user has joined or left, or another object delivers from now on. */
  bounds?: Bounds
  /** Nobody knows any more whether the user has these: the conversation died before it was told. */
  redelivered?: boolean
}

/**
 * How a delivery found the user. `listens`: a device is connected. `marked`: none is, and the next sync asks for this
 * log, so that until then nothing of it has to be brought. `away`: none is, and what comes next has to be brought.
 */
export type DeliveryResult = 'listens' | 'marked' | 'away'

/** A message that an absent user may be rung for. */
export interface PushCheck {
  conversationID: string
  /** The chat that it belongs to. */
  home: string
  sessionType: number
  /** 0 for a message that is not stored. */
  seq: number
  /** Whether it raises the app's badge. */
  countsOnBadge: boolean
}

/** OpenIM's conversation row: the owner's view of a chat (field for field as on the wire). */
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

/** Readable window and read position of one conversation, as its owner sees it. */
export interface SeqView {
  conversationID: string
  home: string
  minSeq: number
  maxSeq: number
  maxSeqTime: number
  hasReadSeq: number
}

/** What a version log answers to a reader who has seen `version` (see `sync/version-log.ts`). */
export interface Delta {
  versionID: string
  version: number
  full: boolean
  deleted: string[]
  inserted: string[]
  updated: string[]
  sortVersion: number
  /** What the list belongs to changed itself: the group, in its list of members. */
  ownerChanged: boolean
}

/** What an owner changes about a conversation; absent = as it is. */
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

/** Where one of the user's logs is kept and what of it the user may read, bounded as a `ReadWindow` is. */
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

/** What a user pulled of one log. */
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
  /** At most so many, the newest of the range. */
  num: number
}

export type SessionState = 'normal' | 'kicked' | 'unknown'

/** A REST call that is about to send a message. */
export interface PendingRestSend {
  operationID: string
  /** Name of the ConversationObject that the message goes to. */
  home: string
  sendID: string
  clientMsgID: string
}

export interface UserRpc {
  /** Registers a token that was just signed and applies the multi-login policy to the older ones. */
  openSession(session: { platformID: number; key: string; expiresAt: number }): Promise<void>
  /** @param begun what the call with this token is about to do, for `wasSent`; noted if the token is in force */
  sessionState(platformID: number, key: string, begun?: PendingRestSend): Promise<SessionState>
  /** Kicks every connection and every token of one platform. */
  forceLogout(platformID: number): Promise<void>
  /**
   * Takes over new messages: once it returns they are pushed to the live sockets and marked for the absent ones.
   */
  deliver(delivery: Delivery): Promise<DeliveryResult>
  /** Notes that a log has news for the absent devices; the push itself follows with `deliver`. */
  markUnread(news: News): Promise<void>
  /** Conversations in row order; `conversationIDs` null = all. */
  conversations(conversationIDs: string[] | null): Promise<ConversationRow[]>
  /** One page in row order and the count of all rows. `pageNumber` from 1. */
  conversationPage(pageNumber: number, showNumber: number): Promise<{ total: number; rows: ConversationRow[] }>
  conversationDelta(versionID: string, version: number): Promise<{ delta: Delta; rows: ConversationRow[] }>
  conversationVersion(): Promise<{ versionID: string; version: number; conversationIDs: string[] }>
  /** Chat conversations with current seqs; asks the conversations that have news. Null = all. */
  seqViews(conversationIDs: string[] | null): Promise<SeqView[]>
  /** Applies a change, creating the row if need be; answers whether anything is different now. */
  setConversation(change: ConversationChange): Promise<boolean>
  deleteConversations(conversationIDs: string[]): Promise<void>
  /** Sets `ex` of the conversations with that peer; answers the ones that changed. */
  setExOfPeer(peerUserID: string, ex: string): Promise<string[]>
  /** Keeps the user's option for everything where the send checks find it. */
  setGlobalRecvMsgOpt(globalRecvMsgOpt: number): Promise<void>
  /** Sets the number that the app's badge shows; messages that count raise it. */
  setAppBadge(appUnreadCount: number): Promise<void>
  /** Whether to ring for a message that was not handed to this object: the badge to show, or null for not at all. */
  claimOfflinePush(question: PushCheck): Promise<number | null>
  /** Settings of this user that a new conversation has to know. */
  memberSettings(conversationID: string): Promise<MemberSettings>
  /** Null when the user has no such conversation. */
  logView(conversationID: string): Promise<LogView | null>
  /** Raises the read position; it never goes back. */
  raiseReadSeq(conversationID: string, hasReadSeq: number): Promise<void>
  /** The user no longer reads what is below `minSeq`, and has read everything before. Answers whether that is news. */
  raiseMinSeq(conversationID: string, minSeq: number): Promise<boolean>
  /** The user reads no further than `maxSeq`, 0 = as far as there is. Answers whether that is news. */
  setMaxSeq(conversationID: string, maxSeq: number): Promise<boolean>
  /** Max seqs of every log of the user, chat and notification, zeros left out. */
  newestSeqs(): Promise<Record<string, number>>
  /** Platforms on which the user has a live connection. */
  onlinePlatforms(): Promise<number[]>
  /** Every live connection, by platform. */
  onlineConnections(): Promise<OnlineConnection[]>
  /** Another user wants to hear when this one comes and goes; answers where this one is now. */
  addPresenceSubscriber(userID: string): Promise<number[]>
  /**
   * Lets the user's connections on a platform watch others, or watch them no longer.
   * @returns whom they watch now
   */
  subscribePresence(platformID: number, subscribe: string[], unsubscribe: string[]): Promise<string[]>
  /** A user whom this one watches came or went; answers whether any connection here still watches. */
  presenceChanged(userID: string, platformIDs: number[]): Promise<boolean>
  /** Messages of ranges, ascending; a range that the user may not read is left out. `order` as OpenIM's PullOrder. */
  pullRanges(ranges: PullRange[], order: number): Promise<PulledLog[]>
  /** Names of the objects that keep the chats of this user, those too that were deleted from the list. */
  conversationHomes(): Promise<string[]>
  /** Notes for a day that the user's REST call with that operationID has sent its message. */
  recordRestSend(operationID: string): Promise<void>
  /** Whether that call has sent its message: it was noted so, or the message that it was about to send is stored. */
  wasRestSendStored(operationID: string): Promise<boolean>
  /** The newest showable message of each given conversation that has one. */
  lastMessages(conversationIDs: string[]): Promise<{ conversationID: string; msg: Uint8Array }[]>
}
