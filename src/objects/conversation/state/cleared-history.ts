/** The bound of the chat log below which no member reads any more (table `cleared`). */
export class ClearedHistory {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** The lowest seq that members may read; 0 = no bound. */
  get minSeq(): number {
    const [row] = this.#sql.exec<{ min_seq: number }>('SELECT min_seq FROM cleared').toArray()
    return row?.min_seq ?? 0
  }

  /** Raises the bound; it never decreases. */
  raise(minSeq: number): void {
    this.#sql.exec(
      'INSERT INTO cleared (id, min_seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET min_seq = max(min_seq, excluded.min_seq)',
      minSeq,
    )
  }
}
