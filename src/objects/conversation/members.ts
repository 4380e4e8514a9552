import { eq, inArray } from 'drizzle-orm'
import { group, groupMember } from '../../features/group/tables.ts'
import { user } from '../../features/user/tables.ts'
import type { Database } from '../../platform/d1.ts'
import type { About, AppendItem, MemberSettings, Readers } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'
import { type Relation, relationOf, relationStatements } from './relations.ts'

/** What kind of conversation this is; fixed by its first message. */
export interface Kind {
  sessionType: number
  groupID: string
}

export interface Member extends Relation {
  userID: string
  /** Everything up to here is read. */
  readSeq: number
  recvMsgOpt: number
  globalRecvMsgOpt: number
  /** OpenIM's `appMangerLevel`; an account's is never changed. */
  appLevel: number
  /** 100 owner, 60 administrator, 20 member of a group; 0 in a chat of two. */
  roleLevel: number
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
}

/** The conversation's own copy of who takes part and of what the send check needs, so that no message asks D1. */
export class Members {
  readonly #sql: SqlStorage
  #kind: Kind | null = null
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
    for (const row of sql.exec<Row>('SELECT * FROM member')) {
      this.#members.set(row.user_id, {
        userID: row.user_id,
        readSeq: row.read_seq,
        recvMsgOpt: row.recv_msg_opt,
        globalRecvMsgOpt: row.global_recv_msg_opt,
        appLevel: row.app_level,
        roleLevel: row.role_level,
        blockedPeer: row.blocked_peer === 1,
        befriendedPeer: row.befriended_peer === 1,
      })
    }
  }

  /** Null until the first message. */
  get kind(): Kind | null {
    return this.#kind
  }

  get userIDs(): string[] {
    return [...this.#members.keys()]
  }

  has(userID: string): boolean {
    return this.#members.has(userID)
  }

  get(userID: string): Member | null {
    return this.#members.get(userID) ?? null
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

  /** Takes people in for now; `persist` makes it last. */
  open(kind: Kind, members: readonly Member[]): void {
    this.#kind = kind
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
    for (const member of this.#members.values()) {
      this.#sql.exec(
        `INSERT INTO member
          (user_id, read_seq, recv_msg_opt, global_recv_msg_opt, app_level, role_level, blocked_peer, befriended_peer)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        member.userID,
        member.readSeq,
        member.recvMsgOpt,
        member.globalRecvMsgOpt,
        member.appLevel,
        member.roleLevel,
        Number(member.blockedPeer),
        Number(member.befriendedPeer),
      )
    }
    this.#persistent = true
  }

  set(userID: string, settings: MemberSettings): void {
    const member = this.#members.get(userID)
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
    const member = this.#members.get(userID)
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
    const member = this.#members.get(userID)
    if (!member) return []
    const alone = this.#readAlone(userID, member.readSeq + 1, Number.MAX_SAFE_INTEGER)
    const fresh = new Set<number>()
    for (let seq = member.readSeq + 1; seq <= hasReadSeq; seq++) if (!alone.has(seq)) fresh.add(seq)
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
    const alone = new Set(
      this.#sql
        .exec<{ user_id: string }>('SELECT user_id FROM read_alone WHERE seq = ?', seq)
        .toArray()
        .map((row) => row.user_id),
    )
    const others = [...this.#members.values()].filter((member) => member.userID !== sendID)
    const [read, unread]: [string[], string[]] = [[], []]
    for (const { userID, readSeq } of others) (readSeq >= seq || alone.has(userID) ? read : unread).push(userID)
    const userIDs = (page.hasRead ? read : unread).slice(page.offset, page.offset + page.limit)
    return { hasReadCount: read.length, unreadCount: unread.length, userIDs }
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

/**
 * Who takes part in a conversation that has no message yet. This is the one question to D1 in a conversation's life.
 * @param settingsOf asks a user's object for what the user has set about this conversation already
 * @throws ImError 1004 when one of the users is not registered, 1201 when the group does not exist, 1204 when it is over
 */
export function firstMembers(
  db: Database,
  item: AppendItem,
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<Member[]> {
  if (item.sessionType === SessionType.Group) return groupMembers(db, item.groupID)
  return pairOf(db, [...new Set([item.sendID, item.recvID])], settingsOf)
}

async function pairOf(
  db: Database,
  userIDs: string[],
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<Member[]> {
  const [rows, ...related] = await db.batch([
    db
      .select({ userID: user.userID, globalRecvMsgOpt: user.globalRecvMsgOpt, appLevel: user.appMangerLevel })
      .from(user)
      .where(inArray(user.userID, userIDs)),
    ...relationStatements(db, userIDs),
  ])
  const known = new Map(rows.map((row) => [row.userID, row]))
  const missing = userIDs.find((userID) => !known.has(userID))
  if (missing !== undefined) throw ImError.notFound(`no user is registered as ${JSON.stringify(missing)}`)
  return Promise.all(
    userIDs.map(async (userID) => ({
      ...NEWCOMER,
      userID,
      recvMsgOpt: (await settingsOf(userID)).recvMsgOpt ?? 0,
      globalRecvMsgOpt: known.get(userID)?.globalRecvMsgOpt ?? 0,
      appLevel: known.get(userID)?.appLevel ?? 0,
      ...relationOf(userID, related),
    })),
  )
}

const NEWCOMER = {
  readSeq: 0,
  recvMsgOpt: 0,
  globalRecvMsgOpt: 0,
  appLevel: 0,
  roleLevel: 0,
  blockedPeer: false,
  befriendedPeer: false,
}

const GROUP_DISMISSED = 2

/** Receive options are not asked for: in a group they concern only what rings. */
async function groupMembers(db: Database, groupID: string): Promise<Member[]> {
  const [groups, members] = await db.batch([
    db.select({ status: group.status }).from(group).where(eq(group.groupID, groupID)),
    db
      .select({ userID: groupMember.userID, roleLevel: groupMember.roleLevel })
      .from(groupMember)
      .where(eq(groupMember.groupID, groupID)),
  ])
  if (!groups[0]) throw ImError.groupNotFound(`there is no group ${groupID}`)
  if (groups[0].status === GROUP_DISMISSED) throw ImError.groupDismissed(`group ${groupID} was dismissed`)
  return members.map((member) => ({ ...NEWCOMER, ...member }))
}
