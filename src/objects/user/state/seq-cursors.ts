import { type Bounds, type LogName, READS_NOTHING, type ReadWindow } from '../../../contracts/messages.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'

/** The user's position in one log (chat or notification) of one conversation. */
export interface SeqCursor {
  conversationID: string
  /** Name of the ConversationObject that stores the log. */
  home: string
  /** The newest seq when the conversation was last asked. While `isUnread`, the log may have newer messages. */
  maxSeq: number
  maxSeqTime: number
  minSeq: number
  /** The newest seq that the owner may read: 0 = no bound, or `READS_NOTHING`. */
  maxReadableSeq: number
  /** The newest seq that the owner may read after leaving a group; 0 = the owner has not left. */
  leftSeq: number
  readSeq: number
  /** The unread mark: the log may have messages that this object does not know of. */
  isUnread: boolean
  /** Name of the RelayObject that delivers; "" when the conversation delivers. */
  relay: string
}

type Row = {
  conversation_id: string
  home: string
  max_seq: number
  max_seq_time: number
  min_seq: number
  cap_seq: number
  bound_seq: number
  read_seq: number
  dirty: number
  relay: string
}

/** A conversation's answer about one log. */
export interface LogAnswer {
  maxSeq: number
  maxSeqTime: number
  lastSentSeq: number
  /** Whether the unread mark may be cleared: no newer message is known or in flight. */
  isComplete: boolean
}

/** At most this many cursors are cached after all were read; one sync reads them several times. */
const MAX_CACHED = 2_000

/**
 * The seq cursors and their unread marks. A message writes a row only when its log is not marked yet. Later messages
 * find the mark in memory or, after a hibernation, read it once. The next sync asks the conversation and clears it.
 */
export class SeqCursors {
  readonly #sql: SqlStorage
  readonly #marked = new Set<string>()
  /** All cursors as stored; null when a write made the copy stale, or when there are more than `MAX_CACHED`. */
  #cache: ReadonlyMap<string, SeqCursor> | null = null

  /** @param hasRows whether the table has any row */
  constructor(sql: SqlStorage, hasRows: boolean) {
    this.#sql = sql
    if (!hasRows) this.#cache = new Map()
  }

  /**
   * Sets the unread mark of a log. Costs nothing while the mark is set.
   * @returns whether the log had no cursor before
   */
  markUnread(conversationID: string, home: string): boolean {
    if (this.#marked.has(conversationID)) return false
    const known = this.find(conversationID)
    if (!known) {
      this.#write('INSERT INTO log_mark (conversation_id, home, dirty) VALUES (?, ?, 1)', conversationID, home)
    } else if (!known.isUnread) {
      this.#write('UPDATE log_mark SET dirty = 1 WHERE conversation_id = ?', conversationID)
    }
    this.#marked.add(conversationID)
    return known === null
  }

  /** Whether the log was marked unread since this object woke, and still is. */
  isMarkedUnread(conversationID: string): boolean {
    return this.#marked.has(conversationID)
  }

  find(conversationID: string): SeqCursor | null {
    if (this.#cache) return this.#cache.get(conversationID) ?? null
    const [row] = this.#sql.exec<Row>('SELECT * FROM log_mark WHERE conversation_id = ?', conversationID).toArray()
    return row ? toCursor(row) : null
  }

  all(): SeqCursor[] {
    if (this.#cache) return [...this.#cache.values()]
    const cursors = this.#sql.exec<Row>('SELECT * FROM log_mark').toArray().map(toCursor)
    if (cursors.length <= MAX_CACHED) this.#cache = new Map(cursors.map((cursor) => [cursor.conversationID, cursor]))
    return cursors
  }

  /** Logs that may have new messages. Logs behind a relay always may: it delivers only to members who are online. */
  unread(): SeqCursor[] {
    return this.all().filter(({ isUnread, relay }) => isUnread || relay !== '')
  }

  /**
   * Stores the bounds that a group sets for its chat, and the relay that delivers both its logs.
   * @param twinID the conversationID of the notification log
   * @returns whether the bounds of the chat changed
   */
  setBounds(conversationID: string, twinID: string, bounds: Bounds): boolean {
    const known = this.find(conversationID)
    if (!known) return false
    const { minSeq, relay } = bounds
    this.#write(
      'UPDATE log_mark SET relay = ? WHERE conversation_id IN (?, ?) AND relay <> ?',
      relay,
      conversationID,
      twinID,
      relay,
    )
    const lower = Math.max(known.minSeq, minSeq)
    const leftSeq = leftSeqOf(bounds)
    if (known.minSeq === lower && known.leftSeq === leftSeq) return false
    this.#write(
      'UPDATE log_mark SET min_seq = ?, cap_seq = ?, read_seq = max(read_seq, ?) WHERE conversation_id = ?',
      lower,
      leftSeq,
      lower - 1,
      conversationID,
    )
    return true
  }

  /** Stores a conversation's answer about one log, and clears the unread mark when the answer is complete. */
  applyAnswer(cursor: SeqCursor, answer: LogAnswer): void {
    const readSeq = Math.max(cursor.readSeq, answer.lastSentSeq)
    this.#write(
      'UPDATE log_mark SET max_seq = ?, max_seq_time = ?, read_seq = max(read_seq, ?), dirty = ? WHERE conversation_id = ?',
      answer.maxSeq,
      answer.maxSeqTime,
      readSeq,
      answer.isComplete ? 0 : 1,
      cursor.conversationID,
    )
    if (answer.isComplete) this.#marked.delete(cursor.conversationID)
  }

  raiseReadSeq(conversationID: string, seq: number): void {
    const known = this.find(conversationID)
    if (!known || known.readSeq >= seq) return
    this.#write('UPDATE log_mark SET read_seq = ? WHERE conversation_id = ?', seq, conversationID)
  }

  /** @returns whether the bound changed */
  raiseMinSeq(conversationID: string, seq: number): boolean {
    const known = this.find(conversationID)
    if (!known || known.minSeq >= seq) return false
    this.#write(
      'UPDATE log_mark SET min_seq = ?, read_seq = max(read_seq, ?) WHERE conversation_id = ?',
      seq,
      seq - 1,
      conversationID,
    )
    return true
  }

  /**
   * Sets the upper bound that an administrator gives the owner; 0 removes it.
   * @returns whether the bound changed
   */
  setMaxReadableSeq(conversationID: string, seq: number): boolean {
    const changed = this.#write(
      'UPDATE log_mark SET bound_seq = ? WHERE conversation_id = ? AND bound_seq <> ? RETURNING 1',
      seq,
      conversationID,
      seq,
    )
    return changed.toArray().length > 0
  }

  /** Deletes the cursor of a log that has no message: its first message was refused. */
  deleteEmpty(conversationID: string): void {
    this.#write('DELETE FROM log_mark WHERE conversation_id = ? AND max_seq = 0', conversationID)
    this.#marked.delete(conversationID)
  }

  #write(statement: string, ...values: SqlStorageValue[]): SqlStorageCursor<Record<string, SqlStorageValue>> {
    this.#cache = null
    return this.#sql.exec(statement, ...values)
  }
}

function leftSeqOf({ minSeq, left, maxSeq }: Bounds): number {
  if (!left) return 0
  return maxSeq < Math.max(1, minSeq) ? READS_NOTHING : maxSeq
}

/** The lower of two upper bounds; 0 = no bound. */
export function tighterBound(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b)
}

/** The newest seq that exists and that the owner may read; 0 when there is no such message. */
export function newestReadableSeq({ maxSeq, maxReadableSeq }: SeqCursor): number {
  return maxReadableSeq === 0 ? maxSeq : Math.max(0, Math.min(maxSeq, maxReadableSeq))
}

/** The seqs of a log that the owner may read. */
export function readWindowOf(userID: string, cursor: SeqCursor): ReadWindow {
  return { userID, minSeq: cursor.minSeq, maxSeq: cursor.maxReadableSeq }
}

export function logNameOf({ conversationID }: Pick<SeqCursor, 'conversationID'>): LogName {
  return isNotificationConversation(conversationID) ? 'notification' : 'chat'
}

function toCursor(row: Row): SeqCursor {
  return {
    conversationID: row.conversation_id,
    home: row.home,
    maxSeq: row.max_seq,
    maxSeqTime: row.max_seq_time,
    minSeq: row.min_seq,
    maxReadableSeq: tighterBound(row.cap_seq, row.bound_seq),
    leftSeq: row.cap_seq,
    readSeq: row.read_seq,
    isUnread: row.dirty === 1,
    relay: row.relay,
  }
}
