import type { LogName, LogState } from '../../../contracts/messages.ts'
import { MINUTE_MS } from '../../../platform/durations.ts'

/** A row of a log. */
export interface LogRow {
  seq: number
  clientMsgID: string
  sendID: string
  sendTime: number
  storedTime: number
  msg: Uint8Array
}

/** The part of a row that readers need. */
export interface LogMessage {
  seq: number
  sendID: string
  msg: Uint8Array
}

type Row = {
  seq: number
  client_msg_id: string
  send_id: string
  send_time: number
  stored_time: number
  msg: ArrayBuffer
}

/** A message is always compared with this many newest messages to find out whether it is a retry. */
const RETRY_WINDOW = 128
/**
 * Older messages are compared back to the retry's own creation time, minus the time that a client's clock may be ahead,
 * and at most this many. There is no index on the IDs: reading a row costs a thousandth of writing one into an index.
 */
const CLOCK_SLACK_MS = 5 * MINUTE_MS
const LATE_RETRY_WINDOW = 5_000
/** The cache of recent IDs is dropped at this size and read again. */
const MAX_RECENT = 8_192

/** The first answer to a clientMsgID. */
export interface FirstAnswer {
  seq: number
  sendTime: number
}

/**
 * One log of a conversation: seqs from 1 without gaps, one row per message. Reads go to SQLite, which has the pages in
 * memory. Only the head and the recent clientMsgIDs are cached here.
 */
export class MessageLog {
  readonly #sql: SqlStorage
  readonly #table: LogName
  #head: { seq: number; sendTime: number } | null = null
  /** clientMsgID and sender → seq, for the newest messages down to `#recentFrom`. */
  #recent = new Map<string, FirstAnswer>()
  #recentFrom = Number.POSITIVE_INFINITY

  constructor(sql: SqlStorage, table: LogName) {
    this.#sql = sql
    this.#table = table
  }

  get maxSeq(): number {
    return this.#headRow().seq
  }

  /** The seq of the oldest stored message; the next seq in an empty log. */
  get minSeq(): number {
    const [row] = this.#sql.exec<{ seq: number }>(`SELECT seq FROM ${this.#table} ORDER BY seq LIMIT 1`).toArray()
    return row?.seq ?? this.maxSeq + 1
  }

  /** Send times in a conversation strictly increase, because clients order their history by them. */
  nextSendTime(now: number): number {
    return Math.max(now, this.#headRow().sendTime + 1)
  }

  /** Writes the next message. The caller has checked that it is not a retry. */
  append(row: Omit<LogRow, 'seq'>, seq: number): void {
    this.#sql.exec(
      `INSERT INTO ${this.#table} (seq, client_msg_id, send_id, send_time, stored_time, msg) VALUES (?, ?, ?, ?, ?, ?)`,
      seq,
      row.clientMsgID,
      row.sendID,
      row.sendTime,
      row.storedTime,
      row.msg,
    )
    this.#head = { seq, sendTime: Math.max(row.sendTime, this.#headRow().sendTime) }
    this.#recent.set(retryKey(row.sendID, row.clientMsgID), { seq, sendTime: row.sendTime })
  }

  /** The first answer to this sender's message with that ID; null when the message is new. */
  firstAnswer(sendID: string, clientMsgID: string, createTime: number): FirstAnswer | null {
    const { seq } = this.#headRow()
    if (this.#recent.size > MAX_RECENT) {
      this.#recent.clear()
      this.#recentFrom = Number.POSITIVE_INFINITY
    }
    this.#remember(seq - RETRY_WINDOW, Number.NEGATIVE_INFINITY)
    const known = this.#recent.get(retryKey(sendID, clientMsgID))
    if (known) return known
    if (this.#recentFrom <= 1) return null
    this.#remember(seq - LATE_RETRY_WINDOW, createTime - CLOCK_SLACK_MS)
    return this.#recent.get(retryKey(sendID, clientMsgID)) ?? null
  }

  /** Whether a sender's message with that ID was stored between two times (ms). */
  hasMessage(sendID: string, clientMsgID: string, after: number, before: number): boolean {
    const found = this.#sql.exec(
      `SELECT 1 FROM ${this.#table} WHERE seq > ? AND seq <= ? AND client_msg_id = ? AND send_id = ? LIMIT 1`,
      this.newestSeqBefore(after),
      this.newestSeqBefore(before),
      clientMsgID,
      sendID,
    )
    return found.toArray().length > 0
  }

  readRange(from: number, to: number, limit: number): LogMessage[] {
    if (limit <= 0 || from > to) return []
    const rows = this.#sql
      .exec<Pick<Row, 'seq' | 'send_id' | 'msg'>>(
        `SELECT seq, send_id, msg FROM ${this.#table} WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?`,
        from,
        to,
        limit,
      )
      .toArray()
    return rows.reverse().map(asMessage)
  }

  read(seq: number): LogMessage | null {
    const [row] = this.#sql
      .exec<Pick<Row, 'seq' | 'send_id' | 'msg'>>(`SELECT seq, send_id, msg FROM ${this.#table} WHERE seq = ?`, seq)
      .toArray()
    return row ? asMessage(row) : null
  }

  /** Yields the messages below a seq one by one, newest first: a caller that stops early reads no further rows. */
  *down(below: number): Generator<LogMessage> {
    const rows = this.#sql.exec<Pick<Row, 'seq' | 'send_id' | 'msg'>>(
      `SELECT seq, send_id, msg FROM ${this.#table} WHERE seq < ? ORDER BY seq DESC`,
      below,
    )
    for (const row of rows) yield asMessage(row)
  }

  /** The first message from a seq on that was sent after a time (ms); null without such a message. */
  firstSentAfter(time: number, fromSeq: number): { seq: number; sendTime: number } | null {
    const [row] = this.#sql
      .exec<{ seq: number; send_time: number }>(
        `SELECT seq, send_time FROM ${this.#table} WHERE seq >= ? AND send_time > ? ORDER BY seq LIMIT 1`,
        fromSeq,
        time,
      )
      .toArray()
    return row ? { seq: row.seq, sendTime: row.send_time } : null
  }

  /** When this object stored a message, ms of its own clock; null when the message does not exist. */
  storedTime(seq: number): number | null {
    const [row] = this.#sql
      .exec<{ stored_time: number }>(`SELECT stored_time FROM ${this.#table} WHERE seq = ?`, seq)
      .toArray()
    return row?.stored_time ?? null
  }

  /** Replaces the bytes of a message; its seq stays. */
  rewrite(seq: number, msg: Uint8Array): void {
    this.#sql.exec(`UPDATE ${this.#table} SET msg = ? WHERE seq = ?`, msg, seq)
  }

  /**
   * Removes a message; its seq is never used again. The newest message is emptied instead, because the next seq is
   * counted from the head of the log.
   */
  erase(seq: number, emptied: Uint8Array): void {
    if (seq === this.maxSeq) this.rewrite(seq, emptied)
    else this.#sql.exec(`DELETE FROM ${this.#table} WHERE seq = ?`, seq)
  }

  /** Removes all messages up to a seq and returns their number. The newest message of the log is emptied instead. */
  eraseUpTo(seq: number, emptied: (msg: Uint8Array) => Uint8Array): number {
    const last = Math.min(seq, this.maxSeq - 1)
    const removed = this.#sql.exec(`DELETE FROM ${this.#table} WHERE seq <= ?`, last).rowsWritten
    if (seq <= last) return removed
    const newest = this.read(seq)
    if (!newest) return removed
    const empty = emptied(newest.msg)
    // The emptied message stays in the log, so a later call may find it again; it is counted once.
    if (Buffer.compare(empty, newest.msg) === 0) return removed
    this.rewrite(seq, empty)
    return removed + 1
  }

  /** All messages stored at or after a time of this object's clock, ascending. */
  storedSince(time: number): LogRow[] {
    // stored_time ascends with seq, so the search from the newest message ends at the first older message.
    const rows: LogRow[] = []
    for (const row of this.#sql.exec<Row>(`SELECT * FROM ${this.#table} ORDER BY seq DESC`)) {
      if (row.stored_time < time) break
      rows.push({
        seq: row.seq,
        clientMsgID: row.client_msg_id,
        sendID: row.send_id,
        sendTime: row.send_time,
        storedTime: row.stored_time,
        msg: new Uint8Array(row.msg),
      })
    }
    return rows.reverse()
  }

  /**
   * The seq of the newest message stored at or before a time; 0 when no message is that old. It is a binary search over
   * the storage times, which ascend. Send times do not, because a backend may choose them.
   */
  newestSeqBefore(time: number): number {
    let [below, above] = [0, this.maxSeq + 1]
    while (above - below > 1) {
      const middle = Math.floor((below + above) / 2)
      // An erased message has no time: the next older message that exists is compared instead.
      const [row] = this.#sql
        .exec<{ stored_time: number }>(
          `SELECT stored_time FROM ${this.#table} WHERE seq <= ? ORDER BY seq DESC LIMIT 1`,
          middle,
        )
        .toArray()
      if (!row || row.stored_time <= time) below = middle
      else above = middle
    }
    return below
  }

  state(userID: string, sinceSeq: number): LogState {
    const { seq, sendTime } = this.#headRow()
    const [own] = this.#sql
      .exec<{ seq: number }>(
        `SELECT seq FROM ${this.#table} WHERE seq > ? AND send_id = ? ORDER BY seq DESC LIMIT 1`,
        sinceSeq,
        userID,
      )
      .toArray()
    return { maxSeq: seq, maxSeqTime: sendTime, lastSentSeq: own?.seq ?? 0 }
  }

  #headRow(): { seq: number; sendTime: number } {
    if (!this.#head) {
      const [row] = this.#sql
        .exec<{ seq: number; send_time: number }>(`SELECT seq, send_time FROM ${this.#table} ORDER BY seq DESC LIMIT 1`)
        .toArray()
      this.#head = row ? { seq: row.seq, sendTime: row.send_time } : { seq: 0, sendTime: 0 }
    }
    return this.#head
  }

  /** Extends the cache of recent IDs down to `fromSeq`, or to the first message that was sent before `sentAfter`. */
  #remember(fromSeq: number, sentAfter: number): void {
    if (this.#recentFrom === Number.POSITIVE_INFINITY) this.#recentFrom = this.#headRow().seq + 1
    const from = Math.max(1, fromSeq)
    if (this.#recentFrom <= from) return
    const older = this.#sql.exec<Pick<Row, 'seq' | 'client_msg_id' | 'send_id' | 'send_time'>>(
      `SELECT seq, client_msg_id, send_id, send_time FROM ${this.#table} WHERE seq >= ? AND seq < ? ORDER BY seq DESC`,
      from,
      this.#recentFrom,
    )
    for (const row of older) {
      this.#recentFrom = row.seq
      this.#recent.set(retryKey(row.send_id, row.client_msg_id), { seq: row.seq, sendTime: row.send_time })
      if (row.send_time < sentAfter) break
    }
  }
}

/** Each client makes its own IDs, so two senders may use the same ID. */
function retryKey(sendID: string, clientMsgID: string): string {
  return `${clientMsgID}\n${sendID}`
}

function asMessage(row: Pick<Row, 'seq' | 'send_id' | 'msg'>): LogMessage {
  return { seq: row.seq, sendID: row.send_id, msg: new Uint8Array(row.msg) }
}
