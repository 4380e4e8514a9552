/**
 * The members that a relay serves, and those of them who listen. In memory once read, since every message asks; what
 * could not be written is not in memory either.
 */
export class Roster {
  readonly #sql: SqlStorage
  readonly #members: Set<string>
  readonly #listeners: Set<string>
  /** How often each has come, so that the news of having gone, which travels longer, does not undo it. */
  readonly #arrivals = new Map<string, number>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.#members = idsIn(sql, 'member')
    this.#listeners = idsIn(sql, 'listener')
  }

  /** The members who listen. */
  get listeners(): string[] {
    return [...this.#listeners].filter((userID) => this.#members.has(userID))
  }

  /** The members who do not. */
  get notListening(): string[] {
    return [...this.#members].filter((userID) => !this.#listeners.has(userID))
  }

  /** Newcomers are taken to listen until a message finds that they do not. */
  join(userIDs: readonly string[]): void {
    for (const userID of userIDs) {
      if (this.#members.has(userID)) continue
      this.#sql.exec('INSERT OR IGNORE INTO member (user_id) VALUES (?)', userID)
      this.#members.add(userID)
      this.markListening(userID)
    }
  }

  leave(userIDs: readonly string[]): void {
    for (const userID of userIDs) {
      if (!this.#members.has(userID)) continue
      this.#sql.exec('DELETE FROM member WHERE user_id = ?', userID)
      this.#members.delete(userID)
      this.#drop(userID)
    }
  }

  /** Makes these the members, whoever they were before. */
  reset(userIDs: readonly string[]): void {
    const wanted = new Set(userIDs)
    this.leave([...this.#members].filter((userID) => !wanted.has(userID)))
    this.join(userIDs)
  }

  /** Somebody listens from now on; a member perhaps only after a message that is still on its way here. */
  markListening(userID: string): void {
    this.#arrivals.set(userID, this.arrivals(userID) + 1)
    if (this.#listeners.has(userID)) return
    this.#sql.exec('INSERT OR IGNORE INTO listener (user_id) VALUES (?)', userID)
    this.#listeners.add(userID)
  }

  arrivals(userID: string): number {
    return this.#arrivals.get(userID) ?? 0
  }

  /** Somebody was found not to listen, unless they have come again since. */
  markNotListening(userID: string, arrivalsThen: number): void {
    if (this.arrivals(userID) === arrivalsThen) this.#drop(userID)
  }

  #drop(userID: string): void {
    this.#arrivals.delete(userID)
    if (!this.#listeners.has(userID)) return
    this.#sql.exec('DELETE FROM listener WHERE user_id = ?', userID)
    this.#listeners.delete(userID)
  }
}

function idsIn(sql: SqlStorage, table: 'member' | 'listener'): Set<string> {
  return new Set(
    sql
      .exec<{ user_id: string }>(`SELECT user_id FROM ${table}`)
      .toArray()
      .map((row) => row.user_id),
  )
}
