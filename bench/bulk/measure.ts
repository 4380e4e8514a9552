import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Product } from '../contenders/contender.ts'
import type { Counts } from '../counting/counts.ts'
import { mainThreadMsOf } from '../load/cpu.ts'
import { percentile } from '../load/stats.ts'

/** The work that some calls caused, until after the recovery alarms. */
export interface Work {
  /** The time until nothing was left to do but the recovery alarms, ms. */
  doneMs: number
  /** The time of the runtime's main thread, ms. */
  cpuMs: number
  /** Bytes written to files. */
  writtenBytes: number
}

/** The time that callers waited. */
export interface Waited {
  /** The time until the last of the measured calls was answered, ms. */
  answeredMs: number
  /** The 99th percentile of the time that other calls waited for their answers, until after the recovery alarms; ms. */
  otherP99: number
}

const POLL_MS = 50
/** The main thread rested for this long: the work is done. A queue waits one second for more jobs. */
const RESTED_MS = 1_500
const RESTED_SHARE = 0.1
/** The same while another caller reads profiles. */
const OTHERS_SHARE = 0.35
/** A busy period ends with the recovery alarm. */
const BUSY_PERIOD_MS = 10_000
const OTHER_CALL_EVERY_MS = 50

/** Runs calls on a server that does nothing else. */
export async function workOf(server: Contender, run: () => Promise<unknown>): Promise<Work> {
  const pid = server.workerdPid()
  await untilRested(pid)
  const [cpuMs, writtenBytes, begun] = [cpuOf(pid), writtenBytesOf(pid), performance.now()]
  await run()
  const doneMs = (await untilRested(pid)) - begun
  await sleep(BUSY_PERIOD_MS)
  await untilRested(pid)
  return { doneMs, cpuMs: cpuOf(pid) - cpuMs, writtenBytes: writtenBytesOf(pid) - writtenBytes }
}

/** Runs calls, and counts what Cloudflare bills for them. */
export async function countsOf(
  server: Contender,
  count: () => Promise<Counts>,
  run: () => Promise<unknown>,
): Promise<Counts> {
  await count()
  await run()
  await untilRested(server.workerdPid())
  await sleep(BUSY_PERIOD_MS)
  return count()
}

/** Runs calls while another caller reads a profile every 50 ms, whether or not the earlier reads are answered. */
export async function waitedFor(product: Product, run: () => Promise<unknown>): Promise<Waited> {
  const token = await product.rest.adminToken()
  const others: Promise<number>[] = []
  const read = async () => {
    const begun = performance.now()
    await product.rest.post('/user/get_users_info', { userIDs: [product.userID(0)] }, { token })
    return performance.now() - begun
  }
  const timer = setInterval(() => others.push(read()), OTHER_CALL_EVERY_MS)
  const begun = performance.now()
  await run()
  const answeredMs = performance.now() - begun
  await sleep(BUSY_PERIOD_MS)
  await untilRested(product.workerdPid(), OTHERS_SHARE)
  clearInterval(timer)
  return { answeredMs, otherP99: percentile(await Promise.all(others), 0.99) }
}

/** Waits until the main thread rests. @returns when it began to rest */
async function untilRested(pid: number | undefined, share = RESTED_SHARE): Promise<number> {
  for (let [since, ran] = [performance.now(), cpuOf(pid)]; ; ) {
    await sleep(POLL_MS)
    const [now, total] = [performance.now(), cpuOf(pid)]
    if (total - ran > share * (now - since)) [since, ran] = [now, total]
    else if (now - since >= RESTED_MS) return since
  }
}

function cpuOf(pid: number | undefined): number {
  return mainThreadMsOf(pid) ?? Number.NaN
}

/** Bytes that a process wrote to the disk; NaN when the system does not report them. */
function writtenBytesOf(pid: number | undefined): number {
  if (pid === undefined) return Number.NaN
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? Number.NaN)
}
