import { type Counts, noCounts } from './counts.ts'

/** Counts everything in this isolate, which locally runs all objects and the Worker. */
export class Counters {
  #counts = noCounts()
  /** Cursors whose cost is not known yet, because the service may still read rows from them. */
  readonly #cursors = new Set<SqlStorageCursor<Record<string, SqlStorageValue>>>()

  /** The counts since the last `take` or `discard`. */
  take(): Counts {
    this.#settle()
    const taken = this.#counts
    this.#counts = noCounts()
    return taken
  }

  /** Sets all counts to zero without reading the cursors: the cursors of evicted objects cannot be read. */
  discard(): void {
    this.#counts = noCounts()
    this.#cursors.clear()
  }

  add(what: Exclude<keyof Counts, 'calls'>, count = 1): void {
    this.#counts[what] += count
  }

  call(name: string): void {
    this.#counts.calls[name] = (this.#counts.calls[name] ?? 0) + 1
  }

  cursor(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.#cursors.add(cursor)
  }

  /** Counts a cursor from which no further row is read. The runtime closes such a cursor when its object's event ends. */
  stopped(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    if (this.#cursors.delete(cursor)) this.#count(cursor)
  }

  #settle(): void {
    for (const cursor of this.#cursors) this.#count(cursor)
    this.#cursors.clear()
  }

  #count(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    try {
      this.add('rowsRead', cursor.rowsRead)
      this.add('rowsWritten', cursor.rowsWritten)
    } catch {
      // The object of this cursor was evicted. That must not happen during a measurement, so it is counted.
      this.add('lostCursors')
    }
  }
}
