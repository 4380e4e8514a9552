import { childrenGone, killChildren } from './children.ts'

const PATIENCE_MS = 3_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let stopping = false
let stop: () => Promise<void> = async () => {}

/** True once the end was asked for: what breaks from then on is not news. */
export function isStopping(): boolean {
  return stopping
}

/** From now on a signal ends the process with exit code 0, even before the server is up. */
export function exitCleanlyOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, end)
  if (process.env.npm_lifecycle_event) endWithParent()
  // Miniflare's own listeners call process.exit(143) while it is starting; being asked to stop is not a failure.
  process.on('exit', () => {
    if (stopping) process.exitCode = 0
  })
}

/** Names what must be undone first. From here Miniflare's listeners are gone: they would exit before workerd has. */
export function stopWith(undo: () => Promise<void>): void {
  stop = undo
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
}

/** npm passes SIGINT and SIGTERM on, but nothing else; when it dies of something else, the server would stay behind. */
function endWithParent(): void {
  const npm = process.ppid
  setInterval(() => {
    if (process.ppid !== npm) end()
  }, 500).unref()
}

function end(): void {
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(0), PATIENCE_MS).unref()
  stop()
    .catch(() => {})
    .then(() => {
      killChildren()
      return childrenGone()
    })
    .then(() => process.exit(0))
}
