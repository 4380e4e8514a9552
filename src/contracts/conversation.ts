import type { GroupChange, GroupChanged } from './group-change.ts'
import type {
  AppendItem,
  AppendResult,
  ConversationInfo,
  LogName,
  LogSlice,
  LogState,
  Mention,
  ReadWindow,
  StoredMessage,
} from './messages.ts'

/*
 * The RPC contract of the ConversationObject. There is one object per pair of users and per group. It owns the chat log
 * and the notification log with their seqs, the copy of members, roles and blocks that the send check needs, and the
 * delivery to the members. Features import this interface, never the class.
 */

export interface ConversationState extends Record<LogName, LogState> {
  /** The other user or the group; null while the conversation has no message. */
  about: ConversationInfo | null
  /** The newest message of a group that mentions the member, read or not; null without such a message. */
  mention: Mention | null
}

export interface ReadResult {
  sessionType: number
  /** The read seq after the call; it never decreases. */
  hasReadSeq: number
  /** Seqs of other senders' messages that this call marked as read, ascending. */
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

/** The facts about a revoked message that clients are notified of. */
export interface RevokedMessage {
  clientMsgID: string
  sendID: string
  recvID: string
  groupID: string
  sessionType: number
  revokeTime: number
}

/** A member's settings: the receive options, and how long the messages of a private chat stay after they were read. */
export interface MemberSettings {
  /** For this conversation. */
  recvMsgOpt?: number
  globalRecvMsgOpt?: number
  /** Seconds; 0 = the chat is not private, or its messages stay. */
  burnDuration?: number
}

/** The criteria of a search; "" and 0 match every message. */
export interface MessageQuery {
  sendID: string
  /** The receiver: a user or a group. */
  recvID: string
  contentType: number
  /** Send time in ms: at or after `from`, and before `to`. */
  from: number
  to: number
  /** Text that the message must contain, in any case. */
  text: string
}

/** One step of a search through a chat log, from newer to older messages. */
export interface SearchStep {
  /** Matching messages, newest first. */
  seqs: number[]
  /** The send times of these messages, in the same order. */
  sendTimes: number[]
  scanned: number
  /** The argument `below` of the next step; 0 at the end of the log. */
  below: number
}

/** One step of counting the messages of a chat log, from newer to older ones. */
export interface CountStep {
  /** Messages by userID. */
  senders: Record<string, number>
  /** Messages by day, `YYYY-MM-DD` in UTC. */
  days: Record<string, number>
  scanned: number
  /** The argument `below` of the next step; 0 at the end of the log. */
  below: number
}

export interface ConversationRpc {
  /** Appends the items in order. Answers one result per item. */
  append(items: AppendItem[]): Promise<AppendResult[]>
  /**
   * Changes the group of this conversation completely or not at all: in D1, in this object, and for the members.
   * @throws ImError 1001 a joining user is already a member, 1002 a role has changed since the decision, 1202 the
   *   groupID is taken, 1203 a changed user is not a member, 1204 the group was dismissed, 1206 the request that it
   *   answers was answered before
   */
  changeGroup(change: GroupChange): Promise<GroupChanged>
  /** The newest `limit` messages with `begin` ≤ seq ≤ `end`, ascending. Erased messages are placeholders. */
  readRange(log: LogName, window: ReadWindow, begin: number, end: number, limit: number): Promise<LogSlice>
  /** The messages with the given seqs inside the window, in the given order. Erased messages are placeholders. */
  readSeqs(log: LogName, window: ReadWindow, seqs: number[]): Promise<LogSlice>
  /** The newest message of the chat log that can be shown, or null. */
  readLast(window: ReadWindow): Promise<StoredMessage | null>
  /**
   * Records that a member has read the chat up to `hasReadSeq` (0 = no change) and these single messages.
   * @throws ImError 1001 a seq is beyond the newest message, 1004 the conversation does not exist
   */
  markRead(userID: string, hasReadSeq: number, seqs: number[]): Promise<ReadResult>
  /** One page of the members who have read a chat message, or have not, and the count of both. */
  readers(seq: number, page: { hasRead: boolean; offset: number; limit: number }): Promise<Readers>
  /** @throws ImError 1001 a notification, 1002 not permitted, 1004 the message does not exist, 1404 it was revoked before */
  revoke(seq: number, by: Revoker): Promise<RevokedMessage>
  /** Hides messages from one member. */
  hide(userID: string, seqs: number[]): Promise<void>
  /**
   * Erases messages for all members. Placeholders remain, so that seqs have no gaps.
   * @param by the member who erases them; null for the service and administrators of the app, who may erase all
   * @throws ImError 1002 when a group member erases a message that another user sent; then no message is erased
   */
  erase(seqs: number[], by: string | null): Promise<void>
  /** Makes all present messages unreadable for all members. Answers the newest seq. */
  clear(): Promise<number>
  /**
   * Erases the messages stored at or before `time` (ms), and makes them unreadable for all members. A `limit` erases only
   * the oldest `limit` seqs. Answers the number of erased messages.
   */
  eraseBefore(time: number, limit?: number): Promise<number>
  /** Whether a user's message with that clientMsgID was stored around the time `after` (ms), when a call began. */
  hasMessage(sendID: string, clientMsgID: string, after: number): Promise<boolean>
  maxSeq(): Promise<number>
  /** The first chat message from a seq on that was sent after `time` (ms); without a message, the next seq and null. */
  firstSentAfter(time: number, fromSeq: number): Promise<{ seq: number; sendTime: number | null }>
  /** Keeps the copies of a member's settings that the send check needs. */
  setMember(userID: string, settings: MemberSettings): Promise<void>
  /**
   * Announces a change of the friend or block relation between the two users of a single chat. If `relationsChanged` does
   * not follow, the object reads the relations from D1 itself, so that its copy is right after a crash of the caller.
   * @returns the ID of the change, for `relationsChanged`
   */
  relationsChanging(): Promise<number>
  /**
   * Copies the relations from D1, which now has the change, for the send check.
   * @param changeID the answer of `relationsChanging`; null for a change that was not announced
   */
  relationsChanged(changeID: number | null): Promise<void>
  /** Runs one step of a search: reads the newest `limit` chat messages with seqs lower than `below`. */
  search(query: MessageQuery, below: number, limit: number): Promise<SearchStep>
  /**
   * Runs one step of counting: reads the newest `limit` chat messages with seqs lower than `below`, and counts those
   * that were sent in `from` ≤ time < `to` (ms).
   */
  countMessages(window: { from: number; to: number }, below: number, limit: number): Promise<CountStep>
  /** The chat messages with the given seqs that exist, as they are stored, independent of any member's view. */
  stored(seqs: number[]): Promise<StoredMessage[]>
  /**
   * The newest seqs of both logs. From this call on, new messages are delivered to the member again, if delivery to the
   * member was being skipped.
   * @param since the newest seq of each log that the caller knows; the member's own messages are searched after it
   */
  state(userID: string, since: Record<LogName, number>): Promise<ConversationState>
}
