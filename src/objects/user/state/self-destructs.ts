/** A conversation whose messages its owner lets end. */
export interface SelfDestruct {
  conversationID: string
  /** Time from the sending of a message to its end. */
  seconds: number
  /** When the oldest message that is left ends, ms; null when no message is left. */
  due: number | null
}

type Row = { conversation_id: string; seconds: number; due: number | null }

/** The conversations with self-destructing messages. Users without any have no rows here, and nothing is read. */
export class SelfDestructs {
  readonly #sql: SqlStorage
  #cache: Map<string, SelfDestruct> | null = null

  /** @param hasRows whether the table has any row */
  constructor(sql: SqlStorage, hasRows: boolean) {
    this.#sql = sql
    if (!hasRows) this.#cache = new Map()
  }

  get(conversationID: string): SelfDestruct | null {
    return this.#all().get(conversationID) ?? null
  }

  all(): SelfDestruct[] {
    return [...this.#all().values()]
  }

  set(setting: SelfDestruct): void {
    const { conversationID, seconds, due } = setting
    const known = this.get(conversationID)
    if (known?.seconds === seconds && known.due === due) return
    this.#sql.exec(
      'INSERT OR REPLACE INTO self_destruct (conversation_id, seconds, due) VALUES (?, ?, ?)',
      conversationID,
      seconds,
      due,
    )
    this.#all().set(conversationID, setting)
  }

  delete(conversationID: string): void {
    if (!this.get(conversationID)) return
    this.#sql.exec('DELETE FROM self_destruct WHERE conversation_id = ?', conversationID)
    this.#all().delete(conversationID)
  }

  #all(): Map<string, SelfDestruct> {
    this.#cache ??= new Map(
      this.#sql
        .exec<Row>('SELECT * FROM self_destruct')
        .toArray()
        .map(({ conversation_id: conversationID, seconds, due }) => [conversationID, { conversationID, seconds, due }]),
    )
    return this.#cache
  }
}
