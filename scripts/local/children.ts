import { type ChildProcess, spawn } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'

const children = new Set<ChildProcess>()
let guard: ChildProcess | undefined

/**
 * Remembers every process this one starts (workerd, esbuild), so that none outlives it: `killChildren` ends them on the
 * way out, and a guard process ends them when this one is killed with SIGKILL and cannot do it itself. workerd does not
 * notice that its parent is gone: left alone it would go on answering on the port and writing the state.
 */
export function adoptChildren(onChange: () => void = () => {}): void {
  guard = startGuard()
  subscribe('child_process', (message) => {
    const child = (message as { process: ChildProcess }).process
    children.add(child)
    const changed = () => {
      tellGuard()
      onChange()
    }
    // The channel speaks before the process has a pid; Node emits `spawn` on the next tick.
    child.once('spawn', changed)
    child.once('error', () => children.delete(child))
    child.once('exit', () => {
      children.delete(child)
      changed()
    })
  })
  process.once('exit', () => killChildren())
}

/** Pids of the workerd processes, oldest first; `wrangler dev` has two (its proxy's and the Worker's). */
export function workerdProcesses(): { pid: number; args: string[] }[] {
  return [...children].flatMap((child) =>
    child.pid !== undefined && basename(child.spawnfile ?? '').startsWith('workerd')
      ? [{ pid: child.pid, args: child.spawnargs }]
      : [],
  )
}

/** Kills what is left. Their storage is safe: every acknowledged write is on disk before its reply leaves. */
export function killChildren(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Settles when no child is left. */
export async function childrenGone(): Promise<void> {
  await Promise.all([...children].map((child) => new Promise((resolve) => child.once('exit', resolve))))
}

/**
 * A shell that waits for its input to end, which the system sees to however this process dies, and then kills the pids
 * last written to it. It has a session of its own, so that a signal meant for the group leaves it to its work.
 */
function startGuard(): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const script = 'pids=; while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids'
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  shell.on('error', () => {})
  shell.stdin?.on('error', () => {})
  shell.unref()
  return shell
}

function tellGuard(): void {
  const pids = [...children].flatMap((child) => child.pid ?? [])
  guard?.stdin?.write(`${pids.join(' ')}\n`)
}
