import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** The memory of one workerd process, in bytes. */
export interface ProcessMemory {
  pid: number
  now: number
  /** The largest memory since the last POST. */
  peak: number
}

/**
 * Runs in Node and answers tests inside workerd, where no call reports the memory: the memory of every workerd process
 * of this test run. A POST first forgets the peaks. Without Linux's `/proc` the answer is empty.
 */
export function hostMemory(request: { method: string }): Response {
  const pids = descendants(process.pid).filter((pid) => read(`/proc/${pid}/comm`).startsWith('workerd'))
  if (request.method === 'POST') for (const pid of pids) forgetPeak(pid)
  return Response.json(pids.map(memoryOf))
}

function memoryOf(pid: number): ProcessMemory {
  const status = read(`/proc/${pid}/status`)
  const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return { pid, now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** `5` resets the peak of a process, see the manual of `/proc`. */
function forgetPeak(pid: number): void {
  const path = `/proc/${pid}/clear_refs`
  if (existsSync(path)) writeFileSync(path, '5')
}

function descendants(pid: number): number[] {
  const folder = `/proc/${pid}/task`
  if (!existsSync(folder)) return []
  const children = readdirSync(folder).flatMap((thread) => read(`${folder}/${thread}/children`).split(' '))
  return children.filter((child) => child !== '').flatMap((child) => [Number(child), ...descendants(Number(child))])
}

/** A process or a thread may end at any time. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
