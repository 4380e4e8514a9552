import type { PendingRestSend } from '../../../contracts/user.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'
import { DAY_MS } from '../../../platform/durations.ts'
import type { Log } from '../../../platform/observability/log.ts'
import { derivedID } from '../../../runtime/ids.ts'

/** Each written row deletes up to this many expired rows, so that expired rows never pile up. */
const DELETES_PER_ROW = 2

/** Maximum number of rows in one commit. */
const MAX_ROWS = 256

/** A call that is about to send a message waits for this time, so that its row shares a commit with others. */
const GATHER_MS = 50

/** A REST call in the table. */
interface Entry {
  operationID: string
  /** When the call was recorded; ms. */
  time: number
  /** The message that the call was about to send; null = the call has sent its message. */
  pending: PendingRestSend | null
}

type Row = { noted_at: number; home: string; send_id: string; client_msg_id: string }

export interface SendStatusDeps {
  sql: SqlStorage
  /** Resolves when everything written until now is on disk. */
  sync(): Promise<void>
  log: Log
}

/**
 * Stores for one day whether each REST call of this user has sent its message (table `send_note`). Rows are keyed by
 * day, so that expired rows come first and deleting them reads no other row.
 *
 * Most calls are recorded before they send, together with the check of their token. Such a row need not be on disk
 * before the answer, because the conversation knows whether the message was stored. So the rows of many calls share a
 * commit. After a crash before that commit, the send status of those calls is "unknown".
 */
export class SendStatusStore {
  readonly #sql: SqlStorage
  readonly #log: Log
  readonly #queue: BatchingQueue<Entry, null>
  /** Entries that are not written yet, by key. */
  readonly #unwritten = new Map<string, Entry>()
  /** The last day on which no expired row was left. */
  #cleanedDay = 0

  constructor({ sql, sync, log }: SendStatusDeps) {
    this.#sql = sql
    this.#log = log
    this.#queue = new BatchingQueue(async (entries) => {
      this.#write(entries)
      await sync()
      return entries.map(() => null)
    }, MAX_ROWS)
  }

  /** Records a call that is about to send a message. */
  recordPending(pending: PendingRestSend, now: number): void {
    const { operationID } = pending
    if (this.#unwritten.size === 0) setTimeout(() => this.#writePending(), GATHER_MS)
    this.#unwritten.set(keyOf(operationID), { operationID, time: now, pending })
    if (this.#unwritten.size >= MAX_ROWS) this.#writePending()
  }

  /**
   * Records a call that has sent its message; the row is on disk when this resolves. An app server makes all its calls
   * as one user, so calls that arrive during a commit share the next commit.
   */
  async recordSent(operationID: string, now: number): Promise<void> {
    await this.#queue.push({ operationID, time: now, pending: null })
  }

  #writePending(): void {
    const entries = [...this.#unwritten.values()]
    this.#unwritten.clear()
    if (entries.length === 0) return
    try {
      this.#write(entries)
    } catch (error) {
      this.#log.error('send status write failed', error, { count: entries.length })
    }
  }

  #write(entries: readonly Entry[]): void {
    for (const { operationID, time, pending } of entries) {
      this.#unwritten.delete(keyOf(operationID))
      this.#sql.exec(
        'INSERT OR REPLACE INTO send_note (day, operation, noted_at, home, send_id, client_msg_id) VALUES (?, ?, ?, ?, ?, ?)',
        Math.floor(time / DAY_MS),
        keyOf(operationID),
        time,
        pending?.home ?? '',
        pending?.sendID ?? '',
        pending?.clientMsgID ?? '',
      )
    }
    const newest = entries.at(-1)?.time ?? 0
    this.#deleteExpired(Math.floor(newest / DAY_MS), DELETES_PER_ROW * entries.length)
  }

  #deleteExpired(day: number, limit: number): void {
    if (day === this.#cleanedDay) return
    const { rowsWritten } = this.#sql.exec(
      'DELETE FROM send_note WHERE (day, operation) IN (SELECT day, operation FROM send_note WHERE day < ? LIMIT ?)',
      day - 1,
      limit,
    )
    if (rowsWritten < limit) this.#cleanedDay = day
  }

  /** The newest entry of a call in the last 24 hours, or null. */
  find(operationID: string, now: number): Pick<Entry, 'time' | 'pending'> | null {
    const unwritten = this.#unwritten.get(keyOf(operationID))
    if (unwritten) return unwritten
    const day = Math.floor(now / DAY_MS)
    const [row] = this.#sql
      .exec<Row>(
        `SELECT noted_at, home, send_id, client_msg_id FROM send_note
         WHERE day IN (?, ?) AND operation = ? ORDER BY day DESC LIMIT 1`,
        day,
        day - 1,
        keyOf(operationID),
      )
      .toArray()
    if (!row || row.noted_at <= now - DAY_MS) return null
    const { home, send_id: sendID, client_msg_id: clientMsgID } = row
    return { time: row.noted_at, pending: home === '' ? null : { operationID, home, sendID, clientMsgID } }
  }
}

/** The key of an operationID. A client chooses the ID at any length, so a long one is stored as its digest. */
function keyOf(operationID: string): string {
  return operationID.length <= MAX_KEY_CHARS ? operationID : derivedID(operationID)
}

const MAX_KEY_CHARS = 64
