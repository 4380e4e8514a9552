/** What is counted of a running service, in the units that Cloudflare bills. */
export interface Counts {
  /** Calls of an object's methods, its connects and alarms, by class and name: `UserObject.deliver`. */
  calls: Record<string, number>
  /** Frames from clients; those that the runtime answers by itself are free and not among them. */
  frames: number
  rowsRead: number
  rowsWritten: number
  alarmsSet: number
  d1Queries: number
  d1RowsRead: number
  d1RowsWritten: number
  queueMessages: number
  /** R2's dear operations (put, list, multipart) and its cheap ones (get, head). */
  r2ClassA: number
  r2ClassB: number
  /** Requests to the Worker: REST calls and upgrades. */
  requests: number
}

/** Counts everything in this isolate: locally all objects and the Worker share one. */
export class Counters {
  #counts = empty()
  /** Cursors whose rows are not all read yet: what they cost is known at the end. */
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []

  /** What was counted since the last time. */
  take(): Counts {
    this.#settle()
    const taken = this.#counts
    this.#counts = empty()
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

function empty(): Counts {
  return {
    calls: {},
    frames: 0,
    rowsRead: 0,
    rowsWritten: 0,
    alarmsSet: 0,
    d1Queries: 0,
    d1RowsRead: 0,
    d1RowsWritten: 0,
    queueMessages: 0,
    r2ClassA: 0,
    r2ClassB: 0,
    requests: 0,
  }
}
