/* The RPC contract of the MetricsObject. There is one object per deployment. It owns the totals of all counters. */

/** Present numbers, counted in D1. */
export interface Gauges {
  users: number
  /** Dismissed groups are not counted. */
  groups: number
  /** Only conversations with at least one message are counted. */
  conversations: number
}

export interface MetricsRpc {
  /** Adds to the totals. A call that is repeated after a reset of the object may count twice, which is rare. */
  add(counts: Record<string, number>): Promise<void>
  totals(): Promise<Record<string, number>>
  /** The gauges, at most ten minutes old. */
  gauges(): Promise<Gauges>
}
