import { MINUTE_MS } from '../../../platform/durations.ts'

/** How long D1 is checked for a change that was begun. The call that makes the change ends sooner. */
const CHECKED_FOR_MS = 2 * MINUTE_MS

/**
 * Pending changes of the friend and block relations between the two users of a one-to-one chat. A caller begins a
 * change here, writes it to D1 and reports its end. When the caller crashes in between, the row stays, and the recovery
 * alarm checks D1 for the change. So no crash leaves the send check with an outdated copy.
 *
 * `read` copies the relations from D1 into the members.
 */
export class RelationChanges {
  readonly #sql: SqlStorage
  #last: Promise<unknown> = Promise.resolve()
  #begun: number

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.#begun = this.#count()
  }

  /** Whether any change was begun whose end is not reported yet. */
  get pending(): boolean {
    return this.#begun > 0
  }

  /** @returns the number under which the caller reports the end of the change */
  begin(now: number): number {
    const insert = 'INSERT INTO relation_change (begun_time) VALUES (?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, now).one()
    this.#begun++
    return id
  }

  /**
   * Ends a change: D1 has the change now, or will never have it. @param id null for a change that was not begun here
   */
  async end(id: number | null, read: () => Promise<void>): Promise<void> {
    await this.#readInTurn(read)
    if (id === null) return
    this.#sql.exec('DELETE FROM relation_change WHERE id = ?', id)
    this.#begun = this.#count()
  }

  /** Checks D1 for the pending changes, and then forgets those that were begun more than two minutes ago. */
  async resume(now: number, read: () => Promise<void>): Promise<void> {
    if (!this.pending) return
    await this.#readInTurn(read)
    this.#sql.exec('DELETE FROM relation_change WHERE begun_time <= ?', now - CHECKED_FOR_MS)
    this.#begun = this.#count()
  }

  /** Runs the reads one after the other, so that the result of the newest query stays. */
  #readInTurn(read: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(read, read)
    this.#last = turn
    return turn
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM relation_change').one().n
  }
}
