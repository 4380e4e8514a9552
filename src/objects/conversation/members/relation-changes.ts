/** So long a change that was begun is looked for in D1; the call that makes it does not live longer. */
const LOOKED_FOR_MS = 120_000

/**
 * Changes of what the two of a single chat are to each other. Whoever makes one says so here, writes it to D1 and
 * reports it. A call that dies in between leaves the change standing here as begun, and then it is looked for in D1:
 * so the copy of the send check cannot stay behind, whatever the moment of a crash.
 */
export class RelationChanges {
  readonly #sql: SqlStorage
  readonly #read: () => Promise<void>
  #last: Promise<unknown> = Promise.resolve()
  #begun: number

  /** @param read takes over what D1 says of the two */
  constructor(sql: SqlStorage, read: () => Promise<void>) {
    this.#sql = sql
    this.#read = read
    this.#begun = this.#count()
  }

  /** Whether a change was begun that nobody has reported. */
  get pending(): boolean {
    return this.#begun > 0
  }

  /** @returns by what the change is reported */
  begin(now: number): number {
    const insert = 'INSERT INTO relation_change (begun_time) VALUES (?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, now).one()
    this.#begun++
    return id
  }

  /** D1 has the change, or will never have it. @param id null for a change that was not begun here */
  async end(id: number | null): Promise<void> {
    await this.#readInTurn()
    if (id === null) return
    this.#sql.exec('DELETE FROM relation_change WHERE id = ?', id)
    this.#begun = this.#count()
  }

  /** Looks for what was begun and not reported; after a while for the last time. */
  async resume(now: number): Promise<void> {
    if (!this.pending) return
    await this.#readInTurn()
    this.#sql.exec('DELETE FROM relation_change WHERE begun_time <= ?', now - LOOKED_FOR_MS)
    this.#begun = this.#count()
  }

  /** One after the other: the answer of D1 that is taken over last is then also the one that was asked for last. */
  #readInTurn(): Promise<void> {
    const turn = this.#last.then(this.#read, this.#read)
    this.#last = turn
    return turn
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM relation_change').one().n
  }
}
