import type { MemberSettings, Readers } from '../../../contracts/conversation.ts'
import { type Bounds, type ConversationInfo, READS_NOTHING, type ReadWindow } from '../../../contracts/messages.ts'

/** The type of a conversation; its first message fixes it. */
export interface Kind {
  sessionType: number
  groupID: string
}

/** The facts about a group that the send check and the delivery need. */
export interface GroupState {
  /** A `GroupStatus`. */
  status: number
  memberCount: number
  /** Whether relays deliver to the members. Such a group is too large to be held in memory. */
  isRelayed: boolean
}

/** The friend and block relations of one user of a one-to-one chat to the other. */
export interface Relation {
  blockedPeer: boolean
  befriendedPeer: boolean
}

export interface Member extends Relation {
  userID: string
  /** The member has read every message up to this seq. */
  readSeq: number
  /** A `ReceiveOption`, for this conversation. */
  recvMsgOpt: number
  /** A `ReceiveOption`, for all conversations of the user. */
  globalRecvMsgOpt: number
  /** OpenIM's `appMangerLevel`. The level of an account never changes. */
  appLevel: number
  /** A `GroupRole`; 0 in a one-to-one chat, and for a user who left the group. */
  roleLevel: number
  /** ms; the member may not send messages up to this time. */
  muteEndTime: number
  /** A member of a group may not read messages below this seq; 0 = no bound. */
  minSeq: number
  /** The newest seq when the user left the group; -1 while the user is a member. */
  leftSeq: number
  /** The shard of the relay that serves this member; -1 = no relay. */
  shard: number
  /** The setting of a member who is not saved yet; seconds. */
  burnDuration?: number
}

type Row = {
  user_id: string
  read_seq: number
  recv_msg_opt: number
  global_recv_msg_opt: number
  app_level: number
  role_level: number
  blocked_peer: number
  befriended_peer: number
  mute_end_time: number
  min_seq: number
  left_seq: number
  shard: number
}

/** Seqs in one read receipt. A longer list would block a client, and users do not look for ticks further back. */
const MAX_RECEIPT_SEQS = 10_000

/** Members of a group with relays that are cached in memory. */
const MAX_CACHED = 2_000

/**
 * The conversation's own copy of its members and of everything that the send check needs, so that no message queries
 * D1. All members of pairs and ordinary groups are in memory; of a group with relays, only the members read recently.
 */
export class Members {
  readonly #sql: SqlStorage
  #kind: Kind | null = null
  #group: GroupState | null = null
  readonly #members = new Map<string, Member>()
  /** False while the members were only loaded from D1, for a message that may still be refused. */
  #isSaved = true

  constructor(sql: SqlStorage) {
    this.#sql = sql
    const [kind] = sql
      .exec<{ session_type: number; group_id: string }>('SELECT session_type, group_id FROM kind WHERE id = 1')
      .toArray()
    if (!kind) return
    this.#kind = { sessionType: kind.session_type, groupID: kind.group_id }
    this.#group = readGroupState(sql)
    if (this.#group?.isRelayed) return
    for (const row of sql.exec<Row>('SELECT * FROM member')) this.#members.set(row.user_id, asMember(row))
  }

  /** Null until the first message. */
  get kind(): Kind | null {
    return this.#kind
  }

  /** Null for a pair. */
  get group(): GroupState | null {
    return this.#group
  }

  /** All current members; empty for a group with relays, because each relay knows its own. */
  get userIDs(): string[] {
    if (this.#group?.isRelayed) return []
    return [...this.#members.values()].filter((member) => member.leftSeq < 0).map((member) => member.userID)
  }

  has(userID: string): boolean {
    const member = this.get(userID)
    return member !== null && member.leftSeq < 0
  }

  /** A current member, or a user who left the group. */
  get(userID: string): Member | null {
    const known = this.#members.get(userID)
    if (known || !this.#group?.isRelayed) return known ?? null
    const [row] = this.#sql.exec<Row>('SELECT * FROM member WHERE user_id = ?', userID).toArray()
    if (!row) return null
    if (this.#members.size >= MAX_CACHED) this.#members.clear()
    const member = asMember(row)
    this.#members.set(userID, member)
    return member
  }

  /** The other user of a one-to-one chat; the user itself in a chat with oneself. */
  peerOf(userID: string): Member | null {
    for (const member of this.#members.values()) if (member.userID !== userID) return member
    return this.get(userID)
  }

  /** Describes the conversation from the view of one member; null until the first message. */
  aboutFor(userID: string): ConversationInfo | null {
    if (!this.#kind) return null
    const { sessionType, groupID } = this.#kind
    return { sessionType, groupID, peerUserID: groupID === '' ? (this.peerOf(userID)?.userID ?? userID) : '' }
  }

  /**
   * Narrows the window that a user's object asks for to the part of the chat that the group lets this user read.
   * @param isAppAdmin an app administrator sends to groups without being a member, and so may read them too
   */
  clip(window: ReadWindow, isAppAdmin: boolean): ReadWindow {
    if (!this.#group) return window
    const member = this.get(window.userID)
    if (!member) return isAppAdmin ? window : { ...window, maxSeq: READS_NOTHING }
    const minSeq = Math.max(window.minSeq, member.minSeq)
    if (member.leftSeq < 0) return { ...window, minSeq }
    if (member.leftSeq === 0) return { ...window, maxSeq: READS_NOTHING }
    return { ...window, minSeq, maxSeq: Math.min(window.maxSeq || member.leftSeq, member.leftSeq) }
  }

  /** @param relayOf returns the name of a shard's relay */
  boundsOf(userID: string, relayOf: (shard: number) => string): Bounds {
    const member = this.get(userID)
    if (!member) return { minSeq: 0, left: false, maxSeq: 0, relay: '' }
    if (member.leftSeq >= 0) return { minSeq: member.minSeq, left: true, maxSeq: member.leftSeq, relay: '' }
    return { minSeq: member.minSeq, left: false, maxSeq: 0, relay: member.shard < 0 ? '' : relayOf(member.shard) }
  }

  /** Sets the members in memory only; `save` writes them. */
  open(kind: Kind, members: readonly Member[], status: number): void {
    this.#kind = kind
    this.#group = kind.groupID === '' ? null : { status, memberCount: members.length, isRelayed: false }
    this.#isSaved = false
    for (const member of members) this.#members.set(member.userID, { ...member })
  }

  get isSaved(): boolean {
    return this.#isSaved
  }

  /** Writes the members, unless they are written. */
  save(): void {
    if (this.#isSaved || !this.#kind) return
    this.#sql.exec(
      'INSERT INTO kind (id, session_type, group_id) VALUES (1, ?, ?)',
      this.#kind.sessionType,
      this.#kind.groupID,
    )
    if (this.#group) {
      const { status, memberCount } = this.#group
      this.#sql.exec('INSERT INTO group_state (id, status, member_count) VALUES (1, ?, ?)', status, memberCount)
    }
    for (const member of this.#members.values()) {
      this.#sql.exec(
        `INSERT INTO member (user_id, read_seq, recv_msg_opt, global_recv_msg_opt, app_level, role_level,
          mute_end_time, blocked_peer, befriended_peer)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        member.userID,
        member.readSeq,
        member.recvMsgOpt,
        member.globalRecvMsgOpt,
        member.appLevel,
        member.roleLevel,
        member.muteEndTime,
        Number(member.blockedPeer),
        Number(member.befriendedPeer),
      )
      if (member.burnDuration) {
        const { userID, burnDuration } = member
        this.#sql.exec('INSERT INTO burn_setting (user_id, from_seq, seconds) VALUES (?, 1, ?)', userID, burnDuration)
      }
    }
    this.#isSaved = true
  }

  set(userID: string, settings: MemberSettings): void {
    const member = this.get(userID)
    if (!member) return
    member.recvMsgOpt = settings.recvMsgOpt ?? member.recvMsgOpt
    member.globalRecvMsgOpt = settings.globalRecvMsgOpt ?? member.globalRecvMsgOpt
    this.#sql.exec(
      'UPDATE member SET recv_msg_opt = ?, global_recv_msg_opt = ? WHERE user_id = ?',
      member.recvMsgOpt,
      member.globalRecvMsgOpt,
      userID,
    )
  }

  setRelation(userID: string, { blockedPeer, befriendedPeer }: Relation): void {
    const member = this.get(userID)
    if (!member || (member.blockedPeer === blockedPeer && member.befriendedPeer === befriendedPeer)) return
    Object.assign(member, { blockedPeer, befriendedPeer })
    this.#sql.exec(
      'UPDATE member SET blocked_peer = ?, befriended_peer = ? WHERE user_id = ?',
      Number(blockedPeer),
      Number(befriendedPeer),
      userID,
    )
  }

  /**
   * Moves a member's read position forward and notes single read messages beyond it.
   * @returns the seqs that were unread before, ascending
   */
  read(userID: string, hasReadSeq: number, seqs: readonly number[]): number[] {
    const member = this.get(userID)
    if (!member) return []
    const single = this.#singleReads(userID, member.readSeq + 1, Number.MAX_SAFE_INTEGER)
    const fresh = new Set<number>()
    // Only one-to-one chats have receipts for each message. In a group, a newcomer may skip a million messages.
    const first = this.#group ? hasReadSeq + 1 : Math.max(member.readSeq, hasReadSeq - MAX_RECEIPT_SEQS) + 1
    for (let seq = first; seq <= hasReadSeq; seq++) if (!single.has(seq)) fresh.add(seq)
    for (const seq of seqs) if (seq > member.readSeq && !single.has(seq)) fresh.add(seq)
    if (hasReadSeq > member.readSeq) {
      member.readSeq = hasReadSeq
      this.#sql.exec('UPDATE member SET read_seq = ? WHERE user_id = ?', hasReadSeq, userID)
      if (single.size > 0) this.#sql.exec('DELETE FROM read_alone WHERE user_id = ? AND seq <= ?', userID, hasReadSeq)
    }
    for (const seq of fresh) {
      if (seq > member.readSeq) this.#sql.exec('INSERT INTO read_alone (user_id, seq) VALUES (?, ?)', userID, seq)
    }
    return [...fresh].sort((a, b) => a - b)
  }

  /** Returns a function that says whether the peer of the sender has read a message, for seqs `first` to `last`. */
  readBy(first: number, last: number): (seq: number, sendID: string) => boolean {
    const single = new Map(this.userIDs.map((userID) => [userID, this.#singleReads(userID, first, last)]))
    return (seq, sendID) => {
      const peer = this.peerOf(sendID)
      return (
        peer !== null && peer.userID !== sendID && (seq <= peer.readSeq || (single.get(peer.userID)?.has(seq) ?? false))
      )
    }
  }

  /**
   * Lists the members who have read a message, or those who have not, without its sender. It compares read positions,
   * so its cost depends on the number of members and not on the number of messages.
   */
  readers(seq: number, sendID: string, page: { hasRead: boolean; offset: number; limit: number }): Readers {
    const others = 'FROM member WHERE left_seq < 0 AND user_id <> ?'
    const readers = `${others} AND (read_seq >= ? OR user_id IN (SELECT user_id FROM read_alone WHERE seq = ?))`
    const count = (from: string, ...values: SqlStorageValue[]) =>
      this.#sql.exec<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values).one().n
    const hasReadCount = count(readers, sendID, seq, seq)
    const unreadCount = count(others, sendID) - hasReadCount
    const wanted = page.hasRead ? readers : readers.replace('AND (', 'AND NOT (')
    const rows = this.#sql.exec<{ user_id: string }>(
      `SELECT user_id ${wanted} ORDER BY user_id LIMIT ? OFFSET ?`,
      sendID,
      seq,
      seq,
      page.limit,
      page.offset,
    )
    return { hasReadCount, unreadCount, userIDs: rows.toArray().map((row) => row.user_id) }
  }

  #singleReads(userID: string, first: number, last: number): Set<number> {
    const rows = this.#sql.exec<{ seq: number }>(
      'SELECT seq FROM read_alone WHERE user_id = ? AND seq BETWEEN ? AND ?',
      userID,
      first,
      last,
    )
    return new Set(rows.toArray().map((row) => row.seq))
  }
}

/** The stored state of the group; null for a pair, which has no such row. */
export function readGroupState(sql: SqlStorage): GroupState | null {
  const [row] = sql
    .exec<{ status: number; member_count: number; relayed: number }>('SELECT * FROM group_state WHERE id = 1')
    .toArray()
  return row ? { status: row.status, memberCount: row.member_count, isRelayed: row.relayed === 1 } : null
}

function asMember(row: Row): Member {
  return {
    userID: row.user_id,
    readSeq: row.read_seq,
    recvMsgOpt: row.recv_msg_opt,
    globalRecvMsgOpt: row.global_recv_msg_opt,
    appLevel: row.app_level,
    roleLevel: row.role_level,
    blockedPeer: row.blocked_peer === 1,
    befriendedPeer: row.befriended_peer === 1,
    muteEndTime: row.mute_end_time,
    minSeq: row.min_seq,
    leftSeq: row.left_seq,
    shard: row.shard,
  }
}
