import type { ConversationInfo, Mention } from '../../../contracts/messages.ts'
import type { ConversationChange, ConversationRow, Delta } from '../../../contracts/user.ts'
import { type Change, ChangeState, deltaSince, type VersionHead } from '../../../sync/compute-delta.ts'
import { firstHead } from '../../../sync/version-store.ts'
import { tighterBound } from './seq-cursors.ts'

type Row = {
  conversation_id: string
  conversation_type: number
  user_id: string
  group_id: string
  recv_msg_opt: number
  is_pinned: number
  attached_info: string
  is_private_chat: number
  group_at_type: number
  ex: string
  burn_duration: number
  msg_destruct_time: number
  latest_msg_destruct_time: number
  is_msg_destruct: number
  min_seq: number | null
  cap_seq: number | null
  bound_seq: number | null
}

/** The fields an owner may change, and their columns. */
const COLUMNS = {
  recvMsgOpt: 'recv_msg_opt',
  isPinned: 'is_pinned',
  attachedInfo: 'attached_info',
  isPrivateChat: 'is_private_chat',
  groupAtType: 'group_at_type',
  ex: 'ex',
  burnDuration: 'burn_duration',
  msgDestructTime: 'msg_destruct_time',
  isMsgDestruct: 'is_msg_destruct',
} as const

/** Up to this number, conversations are looked up one by one instead of with the whole list. */
const MAX_LOOKUPS = 20

const SELECT = `
  SELECT conversation.*, log_mark.min_seq, log_mark.cap_seq, log_mark.bound_seq
  FROM conversation LEFT JOIN log_mark USING (conversation_id)`

/** The owner's conversations with their settings, and the version log by which clients sync them. */
export class ConversationList {
  readonly #sql: SqlStorage
  readonly #ownerUserID: string
  /** Conversations known to be on the list, so that their messages read no row here. */
  readonly #known = new Set<string>()

  constructor(sql: SqlStorage, ownerUserID: string) {
    this.#sql = sql
    this.#ownerUserID = ownerUserID
  }

  /** Creates the conversation unless it exists. The first message does this for both users. */
  ensure(conversationID: string, about: ConversationInfo): void {
    if (this.has(conversationID)) return
    this.#sql.exec(
      `INSERT INTO conversation (conversation_id, position, conversation_type, user_id, group_id)
       VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM conversation), ?, ?, ?)`,
      conversationID,
      about.sessionType,
      about.peerUserID,
      about.groupID,
    )
    this.#bump(conversationID, ChangeState.Insert)
    this.#known.add(conversationID)
  }

  /**
   * Sets the given fields, and creates the row if it does not exist.
   * @returns whether anything changed
   */
  set(change: ConversationChange): boolean {
    const { conversationID } = change
    const isNew = !this.has(conversationID)
    const about = {
      sessionType: change.conversationType,
      peerUserID: change.userID,
      groupID: change.groupID,
    }
    this.ensure(conversationID, about)
    const current = this.#find([conversationID])[0] as ConversationRow
    const columns = Object.entries(COLUMNS).filter(([field]) => {
      const wanted = change[field as keyof typeof COLUMNS]
      return wanted !== undefined && wanted !== current[field as keyof typeof COLUMNS]
    })
    if (columns.length === 0) return isNew
    const values = columns.map(([field]) => asSql(change[field as keyof typeof COLUMNS]))
    this.#sql.exec(
      `UPDATE conversation SET ${columns.map(([, column]) => `${column} = ?`).join(', ')} WHERE conversation_id = ?`,
      ...values,
      conversationID,
    )
    this.touch(conversationID)
    return true
  }

  /** Makes clients read the conversation again at their next sync. */
  touch(conversationID: string): void {
    this.#bump(conversationID, ChangeState.Update)
  }

  delete(conversationID: string): void {
    if (!this.has(conversationID)) return
    this.#sql.exec('DELETE FROM conversation WHERE conversation_id = ?', conversationID)
    this.#known.delete(conversationID)
    this.#bump(conversationID, ChangeState.Delete)
  }

  /** IDs of the conversations with that peer. */
  withPeer(userID: string): string[] {
    return this.#sql
      .exec<{ conversation_id: string }>('SELECT conversation_id FROM conversation WHERE user_id = ?', userID)
      .toArray()
      .map((row) => row.conversation_id)
  }

  setLatestMsgDestructTime(conversationID: string, time: number): void {
    this.#sql.exec(
      'UPDATE conversation SET latest_msg_destruct_time = ? WHERE conversation_id = ?',
      time,
      conversationID,
    )
    this.touch(conversationID)
  }

  /**
   * Sets `groupAtType` for a message that mentions the owner, unless it or a newer one did so before.
   * @returns whether the value changed
   */
  mention(conversationID: string, { seq, groupAtType }: Mention): boolean {
    const [row] = this.#find([conversationID])
    const isNewer = this.#sql.exec(
      'UPDATE conversation SET group_at_type = ?, at_seq = ? WHERE conversation_id = ? AND at_seq < ? RETURNING 1',
      groupAtType,
      seq,
      conversationID,
      seq,
    )
    if (isNewer.toArray().length === 0 || row?.groupAtType === groupAtType) return false
    this.touch(conversationID)
    return true
  }

  /**
   * Resets `groupAtType` when the owner has read the message that set it.
   * @returns whether the value changed
   */
  endMention(conversationID: string, readSeq: number): boolean {
    const ended = this.#sql.exec(
      `UPDATE conversation SET group_at_type = 0
       WHERE conversation_id = ? AND group_at_type <> 0 AND at_seq <= ? RETURNING 1`,
      conversationID,
      readSeq,
    )
    if (ended.toArray().length === 0) return false
    this.touch(conversationID)
    return true
  }

  has(conversationID: string): boolean {
    if (this.#known.has(conversationID)) return true
    if (this.#find([conversationID]).length === 0) return false
    this.#known.add(conversationID)
    return true
  }

  /** The given conversations that are on the list. */
  listed(conversationIDs: readonly string[]): ReadonlySet<string> {
    // Each look-up reads one row. For many conversations, one query for the whole list is quicker.
    if (conversationIDs.length > MAX_LOOKUPS) for (const id of this.ids()) this.#known.add(id)
    return new Set(conversationIDs.filter((id) => this.has(id)))
  }

  /** The given conversations, or all of them in row order for null. Unknown IDs are left out. */
  list(conversationIDs: readonly string[] | null): ConversationRow[] {
    if (conversationIDs !== null) return this.#find(conversationIDs)
    return this.#rows(`${SELECT} ORDER BY position`)
  }

  page(pageNumber: number, showNumber: number): { total: number; rows: ConversationRow[] } {
    const limit = Math.max(0, showNumber)
    const { total } = this.#sql.exec<{ total: number }>('SELECT count(*) AS total FROM conversation').one()
    const rows = this.#rows(`${SELECT} ORDER BY position LIMIT ? OFFSET ?`, limit, (pageNumber - 1) * limit)
    return { total, rows }
  }

  /** All IDs, in row order. */
  ids(): string[] {
    return this.#sql
      .exec<{ conversation_id: string }>('SELECT conversation_id FROM conversation ORDER BY position')
      .toArray()
      .map((row) => row.conversation_id)
  }

  /** The newest version, for clients that compare it with their own. */
  version(): VersionHead {
    const [row] = this.#sql
      .exec<{ version_id: string; version: number }>('SELECT version_id, version FROM conversation_version')
      .toArray()
    return row ? { versionID: row.version_id, version: row.version } : this.#firstVersion()
  }

  versionWithIDs(): VersionHead & { conversationIDs: string[] } {
    return { ...this.version(), conversationIDs: this.ids() }
  }

  /** The changes since the version that a client has, with the rows they concern. */
  async delta(asked: VersionHead): Promise<{ delta: Delta; rows: ConversationRow[] }> {
    const delta = await deltaSince(this.version(), asked, (version, limit) => this.#changesAfter(version, limit))
    return { delta, rows: this.#find([...delta.inserted, ...delta.updated]) }
  }

  #changesAfter(version: number, limit: number): Change[] {
    return this.#sql
      .exec<{ conversation_id: string; state: number; version: number }>(
        'SELECT * FROM conversation_change WHERE version > ? ORDER BY version LIMIT ?',
        version,
        limit,
      )
      .toArray()
      .map((row) => ({ elementID: row.conversation_id, state: row.state as ChangeState, version: row.version }))
  }

  #bump(conversationID: string, state: ChangeState): void {
    const { versionID, version } = this.version()
    const next = version + 1
    this.#sql.exec(
      'INSERT OR REPLACE INTO conversation_version (id, version_id, version) VALUES (1, ?, ?)',
      versionID,
      next,
    )
    this.#sql.exec(
      'INSERT OR REPLACE INTO conversation_change (conversation_id, state, version) VALUES (?, ?, ?)',
      conversationID,
      state,
      next,
    )
  }

  #firstVersion(): VersionHead {
    return firstHead('conversation', this.#ownerUserID)
  }

  #find(conversationIDs: readonly string[]): ConversationRow[] {
    // One look-up per ID by primary key: a list may have more IDs than one statement can bind.
    return conversationIDs.flatMap((id) => this.#rows(`${SELECT} WHERE conversation.conversation_id = ?`, id))
  }

  #rows(query: string, ...bound: SqlStorageValue[]): ConversationRow[] {
    return this.#sql
      .exec<Row>(query, ...bound)
      .toArray()
      .map((row) => ({
        ownerUserID: this.#ownerUserID,
        conversationID: row.conversation_id,
        recvMsgOpt: row.recv_msg_opt,
        conversationType: row.conversation_type,
        userID: row.user_id,
        groupID: row.group_id,
        isPinned: row.is_pinned === 1,
        attachedInfo: row.attached_info,
        isPrivateChat: row.is_private_chat === 1,
        groupAtType: row.group_at_type,
        ex: row.ex,
        burnDuration: row.burn_duration,
        minSeq: row.min_seq ?? 0,
        maxSeq: Math.max(0, tighterBound(row.cap_seq ?? 0, row.bound_seq ?? 0)),
        msgDestructTime: row.msg_destruct_time,
        latestMsgDestructTime: row.latest_msg_destruct_time,
        isMsgDestruct: row.is_msg_destruct === 1,
      }))
  }
}

function asSql(value: string | number | boolean | undefined): SqlStorageValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value ?? null
}
