import type { GroupChange, GroupChanged } from './group-change.ts'
import type { Refusal } from './outcome.ts'

/* What the objects promise to everyone else. Features see these interfaces and never an object's class. */

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
export type Reception = 'listens' | 'marked' | 'away'

/** A message on its way to the members that a relay serves. */
export interface RelayedMessage extends DeliveredMessage {
  /** The member whose devices have it from elsewhere; "" = nobody. */
  exceptUserID: string
  /** The only members to whose devices it is pushed; absent = all. */
  onlyUserIDs?: string[]
}

/** What a relay is handed: who it serves, then new messages of one log, in order. */
export interface Relayed extends News {
  /** Everyone this relay serves, when that has to be said anew. */
  roster?: string[]
  join: string[]
  leave: string[]
  messages: RelayedMessage[]
  redelivered?: boolean
}

/** One shard of a large group's members: it knows who of them is listening. */
export interface RelayRpc {
  /** Hands messages to the members who listen. @returns those who could not be reached */
  forward(relayed: Relayed): Promise<string[]>
  /** A member has a live connection now. */
  came(userID: string): Promise<void>
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

export interface ConversationState extends Record<LogName, LogState> {
  /** Null while there is no message. */
  about: About | null
}

export interface ReadResult {
  sessionType: number
  /** The position after the call; it never goes back. */
  hasReadSeq: number
  /** What the call made read: messages of others, ascending. */
  newlyRead: number[]
}

export interface Readers {
  hasReadCount: number
  unreadCount: number
  userIDs: string[]
}

export interface Revoker {
  userID: string
  nickname: string
  /** An administrator of the app may revoke anything. */
  isAppAdmin: boolean
}

/** What clients are told of a revoked message. */
export interface RevokedMessage {
  clientMsgID: string
  sendID: string
  recvID: string
  groupID: string
  sessionType: number
  revokeTime: number
}

/** A message that an absent user may be rung for. */
export interface PushQuestion {
  conversationID: string
  /** The chat that it belongs to. */
  home: string
  sessionType: number
  /** 0 for a message that is not stored. */
  seq: number
  /** Whether it raises the app's badge. */
  countsOnBadge: boolean
}

/** A member's receive options: of this conversation, and the one for everything. */
export interface MemberSettings {
  recvMsgOpt?: number
  globalRecvMsgOpt?: number
}

/** What a message must be like to be found; "" and 0 do not narrow. */
export interface MessageQuery {
  sendID: string
  /** The user or the group it went to. */
  recvID: string
  contentType: number
  /** ms: sent at or after `from` and before `to`. */
  from: number
  to: number
  /** Words that it must contain, whatever their case. */
  text: string
}

/** One step of a search down a chat log: what it found, newest first, and where the next step goes on. */
export interface SearchStep {
  seqs: number[]
  /** When those were sent. */
  sendTimes: number[]
  scanned: number
  /** Give this as `below` to go on; 0 at the end of the log. */
  below: number
}

/** One step of counting down a chat log. */
export interface CountStep {
  /** Messages by userID. */
  senders: Record<string, number>
  /** Messages by day, `YYYY-MM-DD` in UTC. */
  days: Record<string, number>
  scanned: number
  /** Give this as `below` to go on; 0 at the end. */
  below: number
}

export interface ConversationRpc {
  /** Appends in order; answers one result per item. */
  append(items: AppendItem[]): Promise<AppendResult[]>
  /**
   * Changes the group of this conversation: in D1, here, and for its members, all of it or nothing.
   * @throws ImError 1001 who joins is a member already, 1002 somebody got another role since the decision, 1202 the
   * groupID is taken, 1203 who is changed is no member,
   * 1204 the group was dismissed
   */
  changeGroup(change: GroupChange): Promise<GroupChanged>
  /** The newest `limit` messages with `begin` ≤ seq ≤ `end`, ascending; a hole is a placeholder. */
  readRange(log: LogName, window: ReadWindow, begin: number, end: number, limit: number): Promise<LogSlice>
  /** Those of the given seqs that lie in the window, in the order asked for; a hole is a placeholder. */
  readSeqs(log: LogName, window: ReadWindow, seqs: number[]): Promise<LogSlice>
  /** The newest message of the chat log that can be shown, or null. */
  readLast(window: ReadWindow): Promise<StoredMessage | null>
  /**
   * A member has read the chat up to `hasReadSeq` (0 = no further than before) and these single messages.
   * @throws ImError 1001 beyond the newest message, 1004 without such a conversation
   */
  markRead(userID: string, hasReadSeq: number, seqs: number[]): Promise<ReadResult>
  /** Who has read a message of the chat and who has not, and how many, `limit` users from `offset` on. */
  readers(seq: number, page: { hasRead: boolean; offset: number; limit: number }): Promise<Readers>
  /** @throws ImError 1002 not permitted, 1004 no such message, 1404 revoked before */
  revoke(seq: number, by: Revoker): Promise<RevokedMessage>
  /** Hides messages from one member. */
  hide(userID: string, seqs: number[]): Promise<void>
  /** Erases messages for everybody; placeholders remain. */
  erase(seqs: number[]): Promise<void>
  /** Nobody reads what is below the next message any more. Answers the newest seq. */
  clear(): Promise<number>
  /**
   * Erases what was stored at or before a moment (ms), the oldest `limit` seqs of it if that is given; nobody reads it
   * any more. Answers how many messages that were.
   */
  eraseBefore(time: number, limit?: number): Promise<number>
  /** Whether a user's message with that ID was stored in the minute after a moment (ms), or lately before it. */
  hasMessage(sendID: string, clientMsgID: string, after: number): Promise<boolean>
  maxSeq(): Promise<number>
  /** The newest message of the chat stored at or before a moment (ms); 0 when there is none. */
  newestSeqBefore(time: number): Promise<number>
  /** Keeps the copies of a member's settings that the send check needs. */
  setMember(userID: string, settings: MemberSettings): Promise<void>
  /**
   * One of the two of a single chat is about to block, befriend or drop the other. Unless `relationsChanged` follows,
   * D1 is looked into for it.
   * @returns by what the change is reported
   */
  relationsChanging(): Promise<number>
  /**
   * D1 has such a change: the copies that the send check needs are read again.
   * @param begun what `relationsChanging` answered; null for a change that was not announced
   */
  relationsChanged(begun: number | null): Promise<void>
  /** Looks through the newest `limit` messages of the chat below a seq. */
  search(query: MessageQuery, below: number, limit: number): Promise<SearchStep>
  /** Counts, among the newest `limit` messages of the chat below a seq, those sent in `from` ≤ time < `to` (ms). */
  countMessages(window: { from: number; to: number }, below: number, limit: number): Promise<CountStep>
  /** Those of the given messages of the chat that are there, as they are stored: no member's view of them. */
  stored(seqs: number[]): Promise<StoredMessage[]>
  /**
   * Where both logs stand. What comes after it is brought to the member again, if it was spared that.
   * @param since what the caller already knows of each log; the member's own messages are looked for after it
   */
  state(userID: string, since: Record<LogName, number>): Promise<ConversationState>
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
export interface BegunSend {
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
  sessionState(platformID: number, key: string, begun?: BegunSend): Promise<SessionState>
  /** Kicks every connection and every token of one platform. */
  forceLogout(platformID: number): Promise<void>
  /**
   * Takes over new messages: once it returns they are pushed to the live sockets and marked for the absent ones.
   */
  deliver(delivery: Delivery): Promise<Reception>
  /** Notes that a log has news for the absent devices; the push itself follows with `deliver`. */
  noteNews(news: News): Promise<void>
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
  takeOfflinePush(question: PushQuestion): Promise<number | null>
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
  watchedBy(userID: string): Promise<number[]>
  /**
   * Lets the user's connections on a platform watch others, or watch them no longer.
   * @returns whom they watch now
   */
  watch(platformID: number, subscribe: string[], unsubscribe: string[]): Promise<string[]>
  /** A user whom this one watches came or went; answers whether any connection here still watches. */
  presenceChanged(userID: string, platformIDs: number[]): Promise<boolean>
  /** Messages of ranges, ascending; a range that the user may not read is left out. `order` as OpenIM's PullOrder. */
  pullRanges(ranges: PullRange[], order: number): Promise<PulledLog[]>
  /** Names of the objects that keep the chats of this user, those too that were deleted from the list. */
  homes(): Promise<string[]>
  /** Notes for a day that the user's REST call with that operationID has sent its message. */
  noteSent(operationID: string): Promise<void>
  /** Whether that call has sent its message: it was noted so, or the message that it was about to send is stored. */
  wasSent(operationID: string): Promise<boolean>
  /** The newest showable message of each given conversation that has one. */
  lastMessages(conversationIDs: string[]): Promise<{ conversationID: string; msg: Uint8Array }[]>
}

/** What there is right now. */
export interface Gauges {
  users: number
  /** Without dismissed ones. */
  groups: number
  /** With at least one message. */
  conversations: number
}

export interface MetricsRpc {
  /** Adds to the totals. A call that the runtime makes it repeat counts twice, which happens as rarely as resets do. */
  add(counts: Record<string, number>): Promise<void>
  totals(): Promise<Record<string, number>>
  /** At most some minutes old. */
  gauges(): Promise<Gauges>
}
