import type { MemberSettings, Readers } from '../../../contracts/conversation.ts'
import { type About, type Bounds, READS_NOTHING, type ReadWindow } from '../../../contracts/messages.ts'
import type { Relation } from './relations.ts'

/** What kind of conversation this is; fixed by its first message. */
export interface Kind {
  sessionType: number
  groupID: string
}

/** What of a group the conversation has to know. */
export interface GroupState {
  /** 0 in use, 1 banned, 2 dismissed, 3 muted. */
  status: number
  memberCount: number
  /** Whether relays deliver to the members: then the group is too large to be held in memory. */
  relayed: boolean
}

export interface Member extends Relation {
  userID: string
  /** Everything up to here is read. */
  readSeq: number
  recvMsgOpt: number
  globalRecvMsgOpt: number
  /** OpenIM's `appMangerLevel`; an account's is never changed. */
  appLevel: number
  /** 100 owner, 60 administrator, 20 member of a group; 0 in a chat of two, and for who has left. */
  roleLevel: number
  /** ms; may not write until then. */
  muteEndTime: number
  /** What came before a member of a group is not theirs to read; 0 = no bound. */
  minSeq: number
  /** The newest seq when the member left; -1 while a member. */
  leftSeq: number
  /** Which relay serves this member; -1 = none. */
  shard: number
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

/** Messages of one receipt: a longer list would hold a client up, and further back nobody looks for a tick. */
const MAX_TOLD = 10_000

/** Members of a large group that are kept at hand. */
const MAX_AT_HAND = 2_000

/**
 * The conversation's own copy of who takes part and of what the send check needs, so that no message asks D1. Pairs and
 * ordinary groups are held in memory; of a group with relays only who was asked for lately.
 */
export class Members {
  readonly #sql: SqlStorage
  #kind: Kind | null = null
  #group: GroupState | null = null
  readonly #members = new Map<string, Member>()
  /** False while the members are only taken in for a message that may be refused. */
  #persistent = true

  constructor(sql: SqlStorage) {
    this.#sql = sql
    const [kind] = sql
      .exec<{ session_type: number; group_id: string }>('SELECT session_type, group_id FROM kind WHERE id = 1')
      .toArray()
    if (!kind) return
    this.#kind = { sessionType: kind.session_type, groupID: kind.group_id }
    this.#group = readGroupState(sql)
    if (this.#group?.relayed) return
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

  /** Everyone who takes part; of a group with relays that is the relays' to know. */
  get userIDs(): string[] {
    if (this.#group?.relayed) return []
    return [...this.#members.values()].filter((member) => member.leftSeq < 0).map((member) => member.userID)
  }

  has(userID: string): boolean {
    const member = this.get(userID)
    return member !== null && member.leftSeq < 0
  }

  /** A member, or one who has left. */
  get(userID: string): Member | null {
    const known = this.#members.get(userID)
    if (known || !this.#group?.relayed) return known ?? null
    const [row] = this.#sql.exec<Row>('SELECT * FROM member WHERE user_id = ?', userID).toArray()
    if (!row) return null
    if (this.#members.size >= MAX_AT_HAND) this.#members.clear()
    const member = asMember(row)
    this.#members.set(userID, member)
    return member
  }

  /** The other user of a single chat; oneself in a chat with oneself. */
  peerOf(userID: string): Member | null {
    for (const member of this.#members.values()) if (member.userID !== userID) return member
    return this.get(userID)
  }

  /** What this conversation is for one of its members; null until the first message. */
  aboutFor(userID: string): About | null {
    if (!this.#kind) return null
    const { sessionType, groupID } = this.#kind
    return { sessionType, groupID, peerUserID: groupID === '' ? (this.peerOf(userID)?.userID ?? userID) : '' }
  }

  /**
   * What the user may read of the chat by the group's own account, cut to what the user's object asks for.
   * @param isAppAdmin an administrator of the app writes in groups without being a member, and so reads them too
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

  /** @param relayOf the name of a shard's relay */
  boundsOf(userID: string, relayOf: (shard: number) => string): Bounds {
    const member = this.get(userID)
    if (!member) return { minSeq: 0, left: false, maxSeq: 0, relay: '' }
    if (member.leftSeq >= 0) return { minSeq: member.minSeq, left: true, maxSeq: member.leftSeq, relay: '' }
    return { minSeq: member.minSeq, left: false, maxSeq: 0, relay: member.shard < 0 ? '' : relayOf(member.shard) }
  }

  /** Takes people in for now; `persist` makes it last. */
  open(kind: Kind, members: readonly Member[], status: number): void {
    this.#kind = kind
    this.#group = kind.groupID === '' ? null : { status, memberCount: members.length, relayed: false }
    this.#persistent = false
    for (const member of members) this.#members.set(member.userID, { ...member })
  }

  get persistent(): boolean {
    return this.#persistent
  }

  /** Writes down who takes part, unless it is written. */
  persist(): void {
    if (this.#persistent || !this.#kind) return
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
    }
    this.#persistent = true
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
   * Moves a member's read position forward and notes single messages beyond it.
   * @returns the seqs that were not read before, ascending
   */
  read(userID: string, hasReadSeq: number, seqs: readonly number[]): number[] {
    const member = this.get(userID)
    if (!member) return []
    const alone = this.#readAlone(userID, member.readSeq + 1, Number.MAX_SAFE_INTEGER)
    const fresh = new Set<number>()
    // Only the two of a single chat are told message by message; a newcomer to a group may skip a million.
    const first = this.#group ? hasReadSeq + 1 : Math.max(member.readSeq, hasReadSeq - MAX_TOLD) + 1
    for (let seq = first; seq <= hasReadSeq; seq++) if (!alone.has(seq)) fresh.add(seq)
    for (const seq of seqs) if (seq > member.readSeq && !alone.has(seq)) fresh.add(seq)
    if (hasReadSeq > member.readSeq) {
      member.readSeq = hasReadSeq
      this.#sql.exec('UPDATE member SET read_seq = ? WHERE user_id = ?', hasReadSeq, userID)
      if (alone.size > 0) this.#sql.exec('DELETE FROM read_alone WHERE user_id = ? AND seq <= ?', userID, hasReadSeq)
    }
    for (const seq of fresh) {
      if (seq > member.readSeq) this.#sql.exec('INSERT INTO read_alone (user_id, seq) VALUES (?, ?)', userID, seq)
    }
    return [...fresh].sort((a, b) => a - b)
  }

  /** Whether the other side of a single chat has read a message, for the messages of a stretch. */
  readBy(first: number, last: number): (seq: number, sendID: string) => boolean {
    const alone = new Map(this.userIDs.map((userID) => [userID, this.#readAlone(userID, first, last)]))
    return (seq, sendID) => {
      const peer = this.peerOf(sendID)
      return (
        peer !== null && peer.userID !== sendID && (seq <= peer.readSeq || (alone.get(peer.userID)?.has(seq) ?? false))
      )
    }
  }

  /**
   * Who has read a message and who has not, its sender left out. Comparing positions costs the members once, however
   * many messages there are.
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

  #readAlone(userID: string, first: number, last: number): Set<number> {
    const rows = this.#sql.exec<{ seq: number }>(
      'SELECT seq FROM read_alone WHERE user_id = ? AND seq BETWEEN ? AND ?',
      userID,
      first,
      last,
    )
    return new Set(rows.toArray().map((row) => row.seq))
  }
}

/** What is kept of the group, or null: a pair has no such row. */
export function readGroupState(sql: SqlStorage): GroupState | null {
  const [row] = sql
    .exec<{ status: number; member_count: number; relayed: number }>('SELECT * FROM group_state WHERE id = 1')
    .toArray()
  return row ? { status: row.status, memberCount: row.member_count, relayed: row.relayed === 1 } : null
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
