import type { GroupChange, GroupChanged } from './group-change.ts'
import type {
  About,
  AppendItem,
  AppendResult,
  LogName,
  LogSlice,
  LogState,
  ReadWindow,
  StoredMessage,
} from './messages.ts'

/* The RPC contract of the ConversationObject. Features import this interface, never the class. */

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
