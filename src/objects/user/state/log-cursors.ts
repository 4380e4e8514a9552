import { type Bounds, READS_NOTHING, type ReadWindow } from '../../../contracts/messages.ts'

/** What the user knows of one log (chat or notification) of one conversation. */
export interface LogCursor {
  conversationID: string
  /** Name of the ConversationObject that keeps the log. */
  home: string
  /** As of the last time the conversation was asked; there is news since when `dirty`. */
  maxSeq: number
  maxSeqTime: number
  minSeq: number
  /** The newest seq that the owner may read: 0 = no bound, `READS_NOTHING`. */
  capSeq: number
  /** Of that, what the group says: the owner has left it. */
  leftSeq: number
  readSeq: number
  dirty: boolean
  /** Name of the RelayObject that delivers; "" when the conversation does. */
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

/** What a conversation answered about one log. */
export interface LogAnswer {
  maxSeq: number
  maxSeqTime: number
  lastSentSeq: number
  /** Whether the mark may be lifted: nothing newer is known or under way. */
  settled: boolean
}

/** So many marks are kept at hand once all were asked for: a sync asks several times. */
const MAX_AT_HAND = 2_000

/**
 * The dirty marks. A message writes a row only when the log is not marked yet; the next ones find the mark in memory
 * (or, after a hibernation, read it once). Asking at the next sync lifts it.
 */
export class LogCursors {
  readonly #sql: SqlStorage
  readonly #marked = new Set<string>()
  /** All marks as they are stored; null when they were not read since the last change, or are too many. */
  #atHand: ReadonlyMap<string, LogCursor> | null = null

  /** @param some whether there are any */
  constructor(sql: SqlStorage, some: boolean) {
    this.#sql = sql
    if (!some) this.#atHand = new Map()
  }

  /**
   * Notes that the log has news. Costs nothing while the mark is set.
   * @returns whether nothing was known of the log before
   */
  markUnread(conversationID: string, home: string): boolean {
    if (this.#marked.has(conversationID)) return false
    const known = this.find(conversationID)
    if (!known) {
      this.#write('INSERT INTO log_mark (conversation_id, home, dirty) VALUES (?, ?, 1)', conversationID, home)
    } else if (!known.dirty) {
      this.#write('UPDATE log_mark SET dirty = 1 WHERE conversation_id = ?', conversationID)
    }
    this.#marked.add(conversationID)
    return known === null
  }

  /** Whether the log was marked since this object woke, and is so still. */
  isMarkedUnread(conversationID: string): boolean {
    return this.#marked.has(conversationID)
  }

  find(conversationID: string): LogCursor | null {
    if (this.#atHand) return this.#atHand.get(conversationID) ?? null
    const [row] = this.#sql.exec<Row>('SELECT * FROM log_mark WHERE conversation_id = ?', conversationID).toArray()
    return row ? asMark(row) : null
  }

  all(): LogCursor[] {
    if (this.#atHand) return [...this.#atHand.values()]
    const marks = this.#sql.exec<Row>('SELECT * FROM log_mark').toArray().map(asMark)
    if (marks.length <= MAX_AT_HAND) this.#atHand = new Map(marks.map((mark) => [mark.conversationID, mark]))
    return marks
  }

  /** Logs that may have news. A relay tells only those who listen, so what it serves is always among them. */
  unread(): LogCursor[] {
    return this.all().filter(({ dirty, relay }) => dirty || relay !== '')
  }

  /**
   * Takes over what a group says may be read of its chat, and who delivers both its logs.
   * @returns whether the chat's bounds are different now
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
    const leftSeq = capOf(bounds)
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

  applyAnswer(mark: LogCursor, answered: LogAnswer): void {
    const readSeq = Math.max(mark.readSeq, answered.lastSentSeq)
    this.#write(
      'UPDATE log_mark SET max_seq = ?, max_seq_time = ?, read_seq = max(read_seq, ?), dirty = ? WHERE conversation_id = ?',
      answered.maxSeq,
      answered.maxSeqTime,
      readSeq,
      answered.settled ? 0 : 1,
      mark.conversationID,
    )
    if (answered.settled) this.#marked.delete(mark.conversationID)
  }

  raiseReadSeq(conversationID: string, seq: number): void {
    const known = this.find(conversationID)
    if (!known || known.readSeq >= seq) return
    this.#write('UPDATE log_mark SET read_seq = ? WHERE conversation_id = ?', seq, conversationID)
  }

  /** @returns whether the bound moved */
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
   * Lets the owner read no further than a seq, 0 = as far as there is.
   * @returns whether the bound moved
   */
  setBoundSeq(conversationID: string, seq: number): boolean {
    const moved = this.#write(
      'UPDATE log_mark SET bound_seq = ? WHERE conversation_id = ? AND bound_seq <> ? RETURNING 1',
      seq,
      conversationID,
      seq,
    )
    return moved.toArray().length > 0
  }

  /** Takes back the mark of a log that turned out not to exist. */
  forget(conversationID: string): void {
    this.#write('DELETE FROM log_mark WHERE conversation_id = ? AND max_seq = 0', conversationID)
    this.#marked.delete(conversationID)
  }

  #write(statement: string, ...values: SqlStorageValue[]): SqlStorageCursor<Record<string, SqlStorageValue>> {
    this.#atHand = null
    return this.#sql.exec(statement, ...values)
  }
}

function capOf({ minSeq, left, maxSeq }: Bounds): number {
  if (!left) return 0
  return maxSeq < Math.max(1, minSeq) ? READS_NOTHING : maxSeq
}

/** The lower of two upper bounds, of which 0 is none. */
export function tighterBound(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b)
}

/** The newest message that the owner can read; 0 when there is none. */
export function newestOf({ maxSeq, capSeq }: LogCursor): number {
  return capSeq === 0 ? maxSeq : Math.max(0, Math.min(maxSeq, capSeq))
}

/** What the owner can read of a log. */
export function windowOf(userID: string, mark: LogCursor): ReadWindow {
  return { userID, minSeq: mark.minSeq, maxSeq: mark.capSeq }
}

function asMark(row: Row): LogCursor {
  return {
    conversationID: row.conversation_id,
    home: row.home,
    maxSeq: row.max_seq,
    maxSeqTime: row.max_seq_time,
    minSeq: row.min_seq,
    capSeq: tighterBound(row.cap_seq, row.bound_seq),
    leftSeq: row.cap_seq,
    readSeq: row.read_seq,
    dirty: row.dirty === 1,
    relay: row.relay,
  }
}
