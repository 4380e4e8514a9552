import { derivedID } from '../../platform/ids.ts'

const DAY_MS = 86_400_000

/** Each note removes this many expired ones, so that there is never a heap of them to remove. */
const SWEPT_PER_NOTE = 2

/**
 * Which REST calls of this user have sent their message, for a day. Notes lie in boxes by the day: what is too old is
 * then at the front of the table, and finding it reads nothing else.
 */
export class SendNotes {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  add(operationID: string, now: number): void {
    const day = Math.floor(now / DAY_MS)
    this.#sql.exec(
      'DELETE FROM send_note WHERE (day, operation) IN (SELECT day, operation FROM send_note WHERE day < ? LIMIT ?)',
      day - 1,
      SWEPT_PER_NOTE,
    )
    // An operationID may be of any length; its digest is what is compared.
    this.#sql.exec(
      'INSERT OR REPLACE INTO send_note (day, operation, noted_at) VALUES (?, ?, ?)',
      day,
      derivedID(operationID),
      now,
    )
  }

  has(operationID: string, now: number): boolean {
    const day = Math.floor(now / DAY_MS)
    const found = this.#sql.exec<{ noted_at: number }>(
      'SELECT noted_at FROM send_note WHERE day IN (?, ?) AND operation = ?',
      day,
      day - 1,
      derivedID(operationID),
    )
    return found.toArray().some((row) => row.noted_at > now - DAY_MS)
  }
}
