/** The counts of a running service, in the units that Cloudflare bills. */
export interface Counts {
  /** Calls of an object's methods, connects and alarms, by class and method, for example `UserObject.deliver`. */
  calls: Record<string, number>
  /** Frames from clients, without those that the runtime answers by itself, which are free. */
  frames: number
  rowsRead: number
  rowsWritten: number
  /** Statements whose cost is unknown, because their object was evicted. */
  lostCursors: number
  alarmsSet: number
  d1Queries: number
  d1RowsRead: number
  d1RowsWritten: number
  queueMessages: number
  /** R2's expensive operations (put, list, multipart) and its cheap operations (get, head). */
  r2ClassA: number
  r2ClassB: number
  /** Requests to the Worker: REST calls and upgrades. */
  requests: number
  /** The events of objects (calls, connects, alarms, frames), and the number of events that called another object. */
  events: number
  waits: number
}

export function noCounts(): Counts {
  return {
    calls: {},
    frames: 0,
    rowsRead: 0,
    rowsWritten: 0,
    lostCursors: 0,
    alarmsSet: 0,
    d1Queries: 0,
    d1RowsRead: 0,
    d1RowsWritten: 0,
    queueMessages: 0,
    r2ClassA: 0,
    r2ClassB: 0,
    requests: 0,
    events: 0,
    waits: 0,
  }
}
