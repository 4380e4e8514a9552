import type { Bindings } from '../env.ts'
import { createLog } from '../platform/observability/log.ts'
import { metricsObject } from './rpc/stubs.ts'

/*
 * What is counted for `/metrics`. An isolate counts in memory, which costs nothing, and hands its counts to the one
 * object that adds them up, every ten seconds at most. What an isolate has counted when it dies is lost: the totals
 * are what was counted at least.
 */

/** Every counter and what it means; OpenIM's names where OpenIM has one. */
export const COUNTERS = {
  api_count: 'REST calls that were answered, by path and OpenIM error code (0 = success)',
  user_login_total: 'Tokens that were issued, to users and administrators',
  user_register_total: 'Users that were registered',
  single_chat_msg_process_success_total: 'Messages between two users that were accepted',
  single_chat_msg_process_failed_total: 'Messages between two users that were refused or failed',
  group_chat_msg_process_success_total: 'Messages to groups that were accepted',
  group_chat_msg_process_failed_total: 'Messages to groups that were refused or failed',
  openim_connections_total:
    'Devices that wanted to connect: admitted (by signature and limits; the user may still have been logged out), refused, failed',
  openim_jobs_total: 'Jobs taken from queues, by queue and outcome: done, failed (and will be tried again)',
  openim_cleaned_total: 'What the nightly cleaning has removed, by task',
} as const

export type CounterName = keyof typeof COUNTERS

/** How many by series, in the notation of Prometheus: `name{label="value"}`. */
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

/** Hands over what was counted, now. What cannot be handed over waits for the next time: counting never fails. */
export async function flushCounts(env: Bindings): Promise<void> {
  const taken = counts
  counts = {}
  flushAt = Date.now()
  if (Object.keys(taken).length === 0) return
  try {
    await metricsObject(env).add(taken)
  } catch (error) {
    for (const [series, by] of Object.entries(taken)) counts[series] = (counts[series] ?? 0) + by
    createLog('error').error('what was counted could not be handed over', error)
  }
}

/** Hands over what was counted, unless that happened a moment ago; for who may not wait, an object say. */
export async function flushCountsIfDue(env: Bindings): Promise<void> {
  if (Date.now() - flushAt >= FLUSH_EVERY_MS) await flushCounts(env)
}

/** Whether nobody has begun yet to hand over what is counted now. */
export function flushIsDue(): boolean {
  return Date.now() >= flushAt
}

/** Hands over what is counted in the next seconds, all at once; for the Worker, whose waiting costs nothing. */
export async function flushCountsSoon(env: Bindings): Promise<void> {
  flushAt = Date.now() + FLUSH_EVERY_MS
  await new Promise((resolve) => setTimeout(resolve, FLUSH_EVERY_MS))
  await flushCounts(env)
}
