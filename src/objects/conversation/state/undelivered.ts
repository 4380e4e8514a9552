import { HOUR_MS } from '../../../platform/durations.ts'

const FIRST_RETRY_MS = 8_000
const MAX_RETRY_MS = HOUR_MS

/** A receiver that could not be reached: a member's object, or a relay (`delivery/relay-receiver.ts`). */
export interface UndeliveredSince {
  userID: string
  /** `stored_time` of the oldest message that the receiver does not have, ms. */
  since: number
  tries: number
}

type Row = { user_id: string; since: number; tries: number }

/**
 * The receivers that miss messages because their objects could not be reached. The messages themselves are in the logs;
 * each row only says from which time on they are undelivered.
 */
export class Undelivered {
  readonly #sql: SqlStorage
  readonly #rows = new Map<string, UndeliveredSince>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    for (const row of sql.exec<Row>('SELECT * FROM undelivered')) {
      this.#rows.set(row.user_id, { userID: row.user_id, since: row.since, tries: row.tries })
    }
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  all(): UndeliveredSince[] {
    return [...this.#rows.values()]
  }

  /** `stored_time` of the receiver's oldest undelivered message, ms; null when the receiver misses no message. */
  since(userID: string): number | null {
    return this.#rows.get(userID)?.since ?? null
  }

  note(userID: string, since: number): void {
    const known = this.#rows.get(userID)
    const row = { userID, since: Math.min(since, known?.since ?? since), tries: (known?.tries ?? 0) + 1 }
    this.#rows.set(userID, row)
    this.#sql.exec(
      'INSERT OR REPLACE INTO undelivered (user_id, since, tries) VALUES (?, ?, ?)',
      userID,
      row.since,
      row.tries,
    )
  }

  settle(userID: string): void {
    if (this.#rows.delete(userID)) this.#sql.exec('DELETE FROM undelivered WHERE user_id = ?', userID)
  }

  /**
   * When to retry, ms; null when no message is undelivered. The pause doubles with each try, up to an hour, without
   * jitter. All receivers are retried together, after the pause of the receiver with the fewest tries.
   */
  retryAt(now: number): number | null {
    if (this.#rows.size === 0) return null
    const fewest = Math.min(...this.all().map((row) => row.tries))
    return now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (fewest - 1))
  }
}
