/* The RPC contract of the MetricsObject. */

/** What there is right now. */
export interface Gauges {
  users: number
  /** Without dismissed ones. */
  groups: number
  /** With at least one message. */
  conversations: number
}

export interface MetricsRpc {
  /** Adds to the totals. A call that the runtime makes it repeat counts twice, which happens as rarely as resets do. */
  add(counts: Record<string, number>): Promise<void>
  totals(): Promise<Record<string, number>>
  /** At most some minutes old. */
  gauges(): Promise<Gauges>
}
