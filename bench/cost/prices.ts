import type { Counts } from '../counting/counts.ts'

/** Dollars per million, as Cloudflare publishes them for the Workers Paid plan; see docs/cost.md. */
const PER_MILLION = {
  workerRequest: 0.3,
  workerCpuMs: 0.02,
  objectRequest: 0.15,
  rowWritten: 1,
  rowRead: 0.001,
  queueOperation: 0.4,
  r2ClassA: 4.5,
  r2ClassB: 0.36,
  /** An awake object is billed as 128 MB: a million GB-s for 12.50 dollars are eight million object seconds. */
  objectSecond: 1.6,
} as const

/** Twenty frames from clients count as one request. */
const FRAMES_PER_REQUEST = 20
/** A queue message is written, read and deleted. */
const OPERATIONS_PER_QUEUE_MESSAGE = 3

/*
 * The time that objects are awake cannot be measured in one local process, where a call takes 0.1 ms. On the network,
 * an event that stays inside its object takes a few milliseconds. An event that calls another object also waits for the
 * round trip and for the other object's commit.
 */
const EVENT_SECONDS = 0.005
const WAIT_SECONDS = 0.035
/** CPU time of a request in the Worker, for the token, the body and the routing. */
const REQUEST_CPU_MS = 2

/** The price of the counts in dollars, by billed unit. */
export interface Bill {
  requests: number
  objectRequests: number
  rows: number
  duration: number
  queuesAndFiles: number
  total: number
}

export function billOf(counts: Counts): Bill {
  const calls = objectCallsOf(counts)
  const rowsWritten = counts.rowsWritten + counts.alarmsSet + counts.d1RowsWritten
  const requests = counts.requests * (PER_MILLION.workerRequest + REQUEST_CPU_MS * PER_MILLION.workerCpuMs)
  const objectRequests = (calls + counts.frames / FRAMES_PER_REQUEST) * PER_MILLION.objectRequest
  const rows = rowsWritten * PER_MILLION.rowWritten + (counts.rowsRead + counts.d1RowsRead) * PER_MILLION.rowRead
  const duration = (counts.events * EVENT_SECONDS + counts.waits * WAIT_SECONDS) * PER_MILLION.objectSecond
  const queuesAndFiles =
    counts.queueMessages * OPERATIONS_PER_QUEUE_MESSAGE * PER_MILLION.queueOperation +
    counts.r2ClassA * PER_MILLION.r2ClassA +
    counts.r2ClassB * PER_MILLION.r2ClassB
  const parts = { requests, objectRequests, rows, duration, queuesAndFiles }
  const inDollars = Object.entries(parts).map(([name, micros]) => [name, micros / 1e6] as const)
  return {
    ...(Object.fromEntries(inDollars) as typeof parts),
    total: inDollars.reduce((sum, [, dollars]) => sum + dollars, 0),
  }
}

/** The number of object requests: calls by the Worker or another object, connects and alarms. */
export function objectCallsOf({ calls }: Counts): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0)
}
