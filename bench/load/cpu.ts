import { readFileSync } from 'node:fs'

/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10

/** The CPU time that a process has used, in ms; null when the system does not report it. */
export function cpuMsOf(pid: number | undefined): number | null {
  if (pid === undefined) return null
  const stat = readProc(`/proc/${pid}/stat`)
  if (stat === null) return null
  // pid (name) state …: the 14th and 15th field are user and system time; the name may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** The CPU time of a process's main thread, in ms; null when unknown. In workerd that thread runs all objects' code. */
export function mainThreadMsOf(pid: number | undefined): number | null {
  const ran = pid === undefined ? null : readProc(`/proc/${pid}/task/${pid}/schedstat`)
  return ran === null ? null : Number(ran.split(' ')[0]) / 1e6
}

/** The resident memory of a process, in bytes; null when the system does not report it. */
export function residentBytesOf(pid: number | undefined): number | null {
  if (pid === undefined) return null
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
