/** Messages that single members deleted for themselves; the other members still see them. */
export class HiddenMessages {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  seqs(userID: string, first: number, last: number): Set<number> {
    const rows = this.#sql.exec<{ seq: number }>(
      'SELECT seq FROM hidden WHERE user_id = ? AND seq BETWEEN ? AND ?',
      userID,
      first,
      last,
    )
    return new Set(rows.toArray().map((row) => row.seq))
  }

  add(userID: string, seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#sql.exec('INSERT OR IGNORE INTO hidden (user_id, seq) VALUES (?, ?)', userID, seq)
    }
  }
}
