/**
 * The members that a relay serves, and the listeners: the members that it takes as online. Both are in memory, because
 * every message needs them. A row is written before its copy in memory, so a failed write changes neither the row nor
 * the copy.
 */
export class Roster {
  readonly #sql: SqlStorage
  readonly #members: Set<string>
  readonly #listeners: Set<string>
  /**
   * How often each member has connected. An older delivery that found the member offline has an older number, so it
   * cannot undo a later connect.
   */
  readonly #connects = new Map<string, number>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.#members = userIDsIn(sql, 'member')
    this.#listeners = userIDsIn(sql, 'listener')
  }

  /** The members that the relay takes as online. */
  get listeners(): string[] {
    return [...this.#listeners].filter((userID) => this.#members.has(userID))
  }

  /** The offline members. */
  get notListening(): string[] {
    return [...this.#members].filter((userID) => !this.#listeners.has(userID))
  }

  /** Adds members. Each counts as a listener until a delivery finds it offline. */
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

  /** Replaces all members. */
  reset(userIDs: readonly string[]): void {
    const wanted = new Set(userIDs)
    this.leave([...this.#members].filter((userID) => !wanted.has(userID)))
    this.join(userIDs)
  }

  /** Marks a user as online. The user may not be a member yet: the message that adds the member can arrive later. */
  markListening(userID: string): void {
    this.#connects.set(userID, this.connects(userID) + 1)
    if (this.#listeners.has(userID)) return
    this.#sql.exec('INSERT OR IGNORE INTO listener (user_id) VALUES (?)', userID)
    this.#listeners.add(userID)
  }

  connects(userID: string): number {
    return this.#connects.get(userID) ?? 0
  }

  /** Marks a user as offline, unless the user has connected since `connects` had the given value. */
  markNotListening(userID: string, connectsThen: number): void {
    if (this.connects(userID) === connectsThen) this.#drop(userID)
  }

  #drop(userID: string): void {
    this.#connects.delete(userID)
    if (!this.#listeners.has(userID)) return
    this.#sql.exec('DELETE FROM listener WHERE user_id = ?', userID)
    this.#listeners.delete(userID)
  }
}

function userIDsIn(sql: SqlStorage, table: 'member' | 'listener'): Set<string> {
  return new Set(
    sql
      .exec<{ user_id: string }>(`SELECT user_id FROM ${table}`)
      .toArray()
      .map((row) => row.user_id),
  )
}
