import { type ChildProcess, spawn } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'

const children = new Set<ChildProcess>()
let guard: ChildProcess | undefined

/**
 * Tracks every process that this one starts (workerd, esbuild), so that no child outlives it. `killChildren` kills them at
 * exit, and a guard process kills them when this process gets SIGKILL. workerd does not notice the death of its parent:
 * without this it would keep answering on the port and writing to the state folder.
 */
export function trackChildren(onChange: () => void = () => {}): void {
  guard = startGuard()
  subscribe('child_process', (message) => {
    const child = (message as { process: ChildProcess }).process
    children.add(child)
    const changed = () => {
      updateGuard()
      onChange()
    }
    // The channel publishes before the process has a pid; Node emits `spawn` on the next tick.
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

/** Kills the remaining children. No acknowledged write is lost: it is on disk before its reply leaves. */
export function killChildren(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Resolves when all children have exited. */
export async function childrenGone(): Promise<void> {
  await Promise.all([...children].map((child) => new Promise((resolve) => child.once('exit', resolve))))
}

/**
 * Starts a shell that waits for the end of its input and then kills the pids in the last line it read. The system closes
 * the input however this process dies. The shell has its own session, so that signals to the process group do not reach it.
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

/** Sends the present pids to the guard. */
function updateGuard(): void {
  const pids = [...children].flatMap((child) => child.pid ?? [])
  guard?.stdin?.write(`${pids.join(' ')}\n`)
}
