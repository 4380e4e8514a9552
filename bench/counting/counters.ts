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
    for (const { rowsRead, rowsWritten } of this.#cursors) {
      this.add('rowsRead', rowsRead)
      this.add('rowsWritten', rowsWritten)
    }
    this.#cursors = []
  }
}
