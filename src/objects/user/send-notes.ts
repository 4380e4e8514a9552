import { derivedID } from '../../platform/ids.ts'
import { Lane } from '../../platform/lane.ts'

const DAY_MS = 86_400_000

/** Each note removes this many expired ones, so that there is never a heap of them to remove. */
const SWEPT_PER_NOTE = 2

/** What one commit writes down at most. */
const MAX_NOTES = 256

interface Note {
  operationID: string
  now: number
}

/**
 * Which REST calls of this user have sent their message, for a day. Notes lie in boxes by the day: what is too old is
 * then at the front of the table, and finding it reads nothing else.
 */
export class SendNotes {
  readonly #sql: SqlStorage
  readonly #lane: Lane<Note, null>
  /** The last day on which nothing was left to remove. */
  #sweptDay = 0

  constructor({ sql, sync }: { sql: SqlStorage; sync(): Promise<void> }) {
    this.#sql = sql
    this.#lane = new Lane(async (notes) => {
      for (const { operationID, now } of notes) this.#write(operationID, now)
      const [{ now } = { now: 0 }] = notes
      this.#sweep(Math.floor(now / DAY_MS), SWEPT_PER_NOTE * notes.length)
      await sync()
      return notes.map(() => null)
    }, MAX_NOTES)
  }

  /**
   * Writes a note down; it is on disk when this returns. A backend makes all its calls as one user, so what comes while
   * a commit is under way goes together into the next one.
   */
  async add(operationID: string, now: number): Promise<void> {
    await this.#lane.push({ operationID, now })
  }

  #write(operationID: string, now: number): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO send_note (day, operation, noted_at) VALUES (?, ?, ?)',
      Math.floor(now / DAY_MS),
      nameOf(operationID),
      now,
    )
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

  has(operationID: string, now: number): boolean {
    const day = Math.floor(now / DAY_MS)
    const found = this.#sql.exec<{ noted_at: number }>(
      'SELECT noted_at FROM send_note WHERE day IN (?, ?) AND operation = ?',
      day,
      day - 1,
      nameOf(operationID),
    )
    return found.toArray().some((row) => row.noted_at > now - DAY_MS)
  }
}

/** An operationID may be of any length: of a long one the digest is kept. */
function nameOf(operationID: string): string {
  return operationID.length <= MAX_NAME ? operationID : derivedID(operationID)
}

const MAX_NAME = 64
