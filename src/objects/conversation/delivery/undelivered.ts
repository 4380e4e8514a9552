const FIRST_RETRY_MS = 8_000
const MAX_RETRY_MS = 3_600_000

/** Since when a member has not been reached; kept only while that lasts. */
export interface UndeliveredSince {
  userID: string
  /** `stored_time` of the oldest message that is owed, ms. */
  since: number
  tries: number
}

type Row = { user_id: string; since: number; tries: number }

/** The members whose objects could not be reached: what they are owed is in the logs, here stands from where on. */
export class Undelivered {
  readonly #sql: SqlStorage
  readonly #owed = new Map<string, UndeliveredSince>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    for (const row of sql.exec<Row>('SELECT * FROM undelivered')) {
      this.#owed.set(row.user_id, { userID: row.user_id, since: row.since, tries: row.tries })
    }
  }

  all(): UndeliveredSince[] {
    return [...this.#owed.values()]
  }

  /** `stored_time` of the oldest message that somebody is owed, ms; null when nothing is. */
  since(userID: string): number | null {
    return this.#owed.get(userID)?.since ?? null
  }

  note(userID: string, since: number): void {
    const known = this.#owed.get(userID)
    const owed = { userID, since: Math.min(since, known?.since ?? since), tries: (known?.tries ?? 0) + 1 }
    this.#owed.set(userID, owed)
    this.#sql.exec(
      'INSERT OR REPLACE INTO undelivered (user_id, since, tries) VALUES (?, ?, ?)',
      userID,
      owed.since,
      owed.tries,
    )
  }

  settle(userID: string): void {
    if (this.#owed.delete(userID)) this.#sql.exec('DELETE FROM undelivered WHERE user_id = ?', userID)
  }

  /** When to try again: later each time, up to an hour. Null when nothing is owed. */
  retryAt(now: number): number | null {
    if (this.#owed.size === 0) return null
    const fewest = Math.min(...this.all().map((owed) => owed.tries))
    return now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (fewest - 1))
  }
}
