import { type Counts, noCounts } from './counts.ts'

/** Counts everything in this isolate: locally all objects and the Worker share one. */
export class Counters {
  #counts = noCounts()
  /** Cursors whose rows are not all read yet: what they cost is known at the end. */
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []

  /** What was counted since the last time. */
  take(): Counts {
    this.#settle()
    const taken = this.#counts
    this.#counts = noCounts()
    return taken
  }

  /** Begins anew, without a look at what was counted: objects that are gone cannot be asked what their reading cost. */
  discard(): void {
    this.#counts = noCounts()
    this.#cursors = []
  }

  add(what: Exclude<keyof Counts, 'calls'>, count = 1): void {
    this.#counts[what] += count
  }

  call(name: string): void {
    this.#counts.calls[name] = (this.#counts.calls[name] ?? 0) + 1
  }

  cursor(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.#cursors.push(cursor)
  }

  #settle(): void {
    for (const cursor of this.#cursors) {
      try {
        this.add('rowsRead', cursor.rowsRead)
        this.add('rowsWritten', cursor.rowsWritten)
      } catch {
        // Its object is gone, which no object is that is being measured: counted, so that it shows.
        this.add('lostCursors')
      }
    }
    this.#cursors = []
  }
}
