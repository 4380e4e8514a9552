import type { Mention } from '../../../contracts/messages.ts'
import type { Mentioned } from '../../../protocol/mentions.ts'
import type { Members } from './members.ts'

type Row = { user_id: string; seq: number; at_type: number; send_id: string }

/*
 * The keys of the mentions of all members. No userID is empty or starts with NUL. The second row is the newest mention
 * by a user other than the sender of the first: that sender is not mentioned by the first, but may be by the second.
 */
const EVERYONE = ''
const EVERYONE_BY_ANOTHER = '\0'

/**
 * The newest mention of each member of a group. A mention of all members is one row, whatever the size of the group;
 * a named member has a row of its own.
 */
export class Mentions {
  readonly #sql: SqlStorage
  /** Whether the table has no rows, as in most groups; null = not read yet. */
  #isEmpty: boolean | null = null

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Records the members that a new message mentions. */
  add(mentioned: Mentioned, { seq, sendID }: { seq: number; sendID: string }, members: Members): void {
    if (mentioned.everyone !== 0) this.#addForEveryone({ seq, at_type: mentioned.everyone, send_id: sendID })
    for (const userID of mentioned.userIDs) {
      if (members.has(userID)) this.#write({ user_id: userID, seq, at_type: mentioned.named, send_id: sendID })
    }
  }

  /** Hides older mentions of all members from users who join now. Costs nothing in a group without mentions. */
  hideFrom(userIDs: readonly string[], seq: number): void {
    if (this.#hasNone()) return
    for (const userID of userIDs) this.#write({ user_id: userID, seq, at_type: 0, send_id: '' })
  }

  /** The newest message that mentions a member; null without such a message. */
  of(userID: string, members: Members): Mention | null {
    if (members.group === null || this.#hasNone() || !members.has(userID)) return null
    const rows = new Map(this.#select(EVERYONE, EVERYONE_BY_ANOTHER, userID).map((row) => [row.user_id, row]))
    const everyone = [EVERYONE, EVERYONE_BY_ANOTHER].map((key) => rows.get(key)).find((row) => row?.send_id !== userID)
    const own = rows.get(userID)
    const newest = own && (!everyone || own.seq >= everyone.seq) ? own : everyone
    if (!newest || newest.at_type === 0 || newest.seq < (members.get(userID)?.minSeq ?? 0)) return null
    return { seq: newest.seq, groupAtType: newest.at_type }
  }

  /** The members that the message with this seq mentions, as far as no newer message mentions them. */
  by(seq: number): Mentioned | null {
    if (this.#hasNone()) return null
    const rows = this.#sql.exec<Row>('SELECT * FROM mention WHERE seq = ? AND at_type <> 0', seq).toArray()
    if (rows.length === 0) return null
    const isForAll = ({ user_id }: Row) => user_id === EVERYONE || user_id === EVERYONE_BY_ANOTHER
    const named = rows.filter((row) => !isForAll(row))
    return {
      everyone: rows.find(isForAll)?.at_type ?? 0,
      named: named[0]?.at_type ?? 0,
      userIDs: named.map((row) => row.user_id),
    }
  }

  #addForEveryone(row: Omit<Row, 'user_id'>): void {
    const [newest] = this.#select(EVERYONE)
    if (newest && newest.send_id !== row.send_id) this.#write({ ...newest, user_id: EVERYONE_BY_ANOTHER })
    this.#write({ ...row, user_id: EVERYONE })
  }

  #select(...userIDs: string[]): Row[] {
    const places = userIDs.map(() => '?').join(', ')
    return this.#sql.exec<Row>(`SELECT * FROM mention WHERE user_id IN (${places})`, ...userIDs).toArray()
  }

  #write({ user_id, seq, at_type, send_id }: Row): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO mention (user_id, seq, at_type, send_id) VALUES (?, ?, ?, ?)',
      user_id,
      seq,
      at_type,
      send_id,
    )
    this.#isEmpty = false
  }

  #hasNone(): boolean {
    this.#isEmpty ??= this.#sql.exec('SELECT 1 FROM mention LIMIT 1').toArray().length === 0
    return this.#isEmpty
  }
}
