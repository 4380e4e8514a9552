import type { PendingRestSend } from '../../../contracts/user.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'
import type { Log } from '../../../platform/observability/log.ts'
import { derivedID } from '../../../runtime/ids.ts'

const DAY_MS = 86_400_000

/** Each note removes this many expired ones, so that there is never a heap of them to remove. */
const SWEPT_PER_NOTE = 2

/** What one commit writes down at most. */
const MAX_NOTES = 256

/** So long a note of a call that has begun waits for others to be written down with. */
const GATHER_MS = 50

interface Note {
  operationID: string
  now: number
  /** The message that the call was about to send; null = it is sent. */
  begun: PendingRestSend | null
}

type Row = { noted_at: number; home: string; send_id: string; client_msg_id: string }

/** What the object's notes stand on. */
export interface SendStatusDeps {
  sql: SqlStorage
  /** Resolves when everything written until now is on disk. */
  sync(): Promise<void>
  log: Log
}

/**
 * Which REST calls of this user have sent their message, for a day. Notes lie in boxes by the day: what is too old is
 * then at the front of the table, and finding it reads nothing else.
 *
 * Most calls are noted with the question whether their token is in force, before they send: whether the message came
 * to be knows its conversation, so such a note need not be on disk before the answer, and the notes of many calls share
 * a commit. Of a crash in that moment it remains that the call is not known.
 */
export class SendStatusStore {
  readonly #sql: SqlStorage
  readonly #log: Log
  readonly #lane: BatchingQueue<Note, null>
  /** By name, what is not written down yet. */
  readonly #begun = new Map<string, Note>()
  /** The last day on which nothing was left to remove. */
  #sweptDay = 0

  constructor({ sql, sync, log }: SendStatusDeps) {
    this.#sql = sql
    this.#log = log
    this.#lane = new BatchingQueue(async (notes) => {
      this.#write(notes)
      await sync()
      return notes.map(() => null)
    }, MAX_NOTES)
  }

  /** Notes a call that is about to send a message. */
  begin(begun: PendingRestSend, now: number): void {
    const { operationID } = begun
    if (this.#begun.size === 0) setTimeout(() => this.#writeBegun(), GATHER_MS)
    this.#begun.set(nameOf(operationID), { operationID, now, begun })
    if (this.#begun.size >= MAX_NOTES) this.#writeBegun()
  }

  /**
   * Notes a call that has sent its message; it is on disk when this returns. A backend makes all its calls as one user,
   * so what comes while a commit is under way goes together into the next one.
   */
  async add(operationID: string, now: number): Promise<void> {
    await this.#lane.push({ operationID, now, begun: null })
  }

  #writeBegun(): void {
    const notes = [...this.#begun.values()]
    this.#begun.clear()
    if (notes.length === 0) return
    try {
      this.#write(notes)
    } catch (error) {
      this.#log.error('calls that send messages could not be noted', error)
    }
  }

  #write(notes: readonly Note[]): void {
    for (const { operationID, now, begun } of notes) {
      this.#begun.delete(nameOf(operationID))
      this.#sql.exec(
        'INSERT OR REPLACE INTO send_note (day, operation, noted_at, home, send_id, client_msg_id) VALUES (?, ?, ?, ?, ?, ?)',
        Math.floor(now / DAY_MS),
        nameOf(operationID),
        now,
        begun?.home ?? '',
        begun?.sendID ?? '',
        begun?.clientMsgID ?? '',
      )
    }
    const newest = notes.at(-1)?.now ?? 0
    this.#sweep(Math.floor(newest / DAY_MS), SWEPT_PER_NOTE * notes.length)
  }

  #sweep(day: number, limit: number): void {
    if (day === this.#sweptDay) return
    const { rowsWritten } = this.#sql.exec(
      'DELETE FROM send_note WHERE (day, operation) IN (SELECT day, operation FROM send_note WHERE day < ? LIMIT ?)',
      day - 1,
      limit,
    )
    if (rowsWritten < limit) this.#sweptDay = day
  }

  /** The newest note of a call within a day; null when there is none. */
  find(operationID: string, now: number): Pick<Note, 'now' | 'begun'> | null {
    const waiting = this.#begun.get(nameOf(operationID))
    if (waiting) return waiting
    const day = Math.floor(now / DAY_MS)
    const [row] = this.#sql
      .exec<Row>(
        `SELECT noted_at, home, send_id, client_msg_id FROM send_note
         WHERE day IN (?, ?) AND operation = ? ORDER BY day DESC LIMIT 1`,
        day,
        day - 1,
        nameOf(operationID),
      )
      .toArray()
    if (!row || row.noted_at <= now - DAY_MS) return null
    const { home, send_id: sendID, client_msg_id: clientMsgID } = row
    return { now: row.noted_at, begun: home === '' ? null : { operationID, home, sendID, clientMsgID } }
  }
}

/** An operationID may be of any length: of a long one the digest is kept. */
function nameOf(operationID: string): string {
  return operationID.length <= MAX_NAME ? operationID : derivedID(operationID)
}

const MAX_NAME = 64
