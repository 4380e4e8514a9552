import type { Bindings } from '../env.ts'
import { sleep } from '../platform/concurrency/backoff.ts'
import { createLog } from '../platform/observability/log.ts'
import { metricsObject } from './rpc/stubs.ts'

/*
 * Counters for `/metrics`. An isolate counts in memory, which costs nothing, and sends its counts to the MetricsObject
 * at most every ten seconds. The counts of an isolate that dies before that are lost, so the totals are lower bounds.
 */

/** Every counter with its help text. OpenIM: counters that OpenIM has too keep its names. */
export const COUNTERS = {
  api_count: 'Answered REST calls, by path and OpenIM error code (0 = success)',
  user_login_total: 'Tokens issued to users and administrators',
  user_register_total: 'Registered users',
  single_chat_msg_process_success_total: 'Accepted messages between two users',
  single_chat_msg_process_failed_total: 'Refused or failed messages between two users',
  group_chat_msg_process_success_total: 'Accepted messages to groups',
  group_chat_msg_process_failed_total: 'Refused or failed messages to groups',
  openim_connections_total:
    'Connection attempts of devices, by outcome: admitted (signature and limits were valid; the token may still be out of force), refused, failed',
  openim_jobs_total: 'Jobs taken from queues, by queue and outcome: done, failed (the queue retries them)',
  openim_cleaned_total: 'Items that the nightly cleaning removed, by task',
} as const

export type CounterName = keyof typeof COUNTERS

/** Counts by series, in the notation of Prometheus: `name{label="value"}`. */
export type Counts = Record<string, number>

const FLUSH_EVERY_MS = 10_000

let counts: Counts = {}
let flushAt = 0

export function count(name: CounterName, labels: Record<string, string> | null = null, by = 1): void {
  const series = labels ? seriesOf(name, labels) : name
  counts[series] = (counts[series] ?? 0) + by
}

export function seriesOf(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

/** Sends the counts of this isolate now. Counts that cannot be sent are kept for the next flush; it never throws. */
export async function flushCounts(env: Bindings): Promise<void> {
  const taken = counts
  counts = {}
  flushAt = Date.now()
  if (Object.keys(taken).length === 0) return
  try {
    await metricsObject(env).add(taken)
  } catch (error) {
    for (const [series, by] of Object.entries(taken)) counts[series] = (counts[series] ?? 0) + by
    createLog('error').error('counter flush failed', error)
  }
}

/** Sends the counts unless the last flush was less than ten seconds ago. For objects, which must not wait. */
export async function flushCountsIfDue(env: Bindings): Promise<void> {
  if (Date.now() - flushAt >= FLUSH_EVERY_MS) await flushCounts(env)
}

/** Whether no call of `flushCountsSoon` is waiting to send the current counts. */
export function isFlushDue(): boolean {
  return Date.now() >= flushAt
}

/** Sends the counts of the next ten seconds in one call. For the Worker, which is not billed while it waits. */
export async function flushCountsSoon(env: Bindings): Promise<void> {
  flushAt = Date.now() + FLUSH_EVERY_MS
  await sleep(FLUSH_EVERY_MS)
  await flushCounts(env)
}
