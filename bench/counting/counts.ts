/** What is counted of a running service, in the units that Cloudflare bills. */
export interface Counts {
  /** Calls of an object's methods, its connects and alarms, by class and name: `UserObject.deliver`. */
  calls: Record<string, number>
  /** Frames from clients; those that the runtime answers by itself are free and not among them. */
  frames: number
  rowsRead: number
  rowsWritten: number
  /** Statements whose cost could not be asked for any more. */
  lostCursors: number
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
  /** Events of objects (calls, connects, alarms, frames), and those among them that called another object. */
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
