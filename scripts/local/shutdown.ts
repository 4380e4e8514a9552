import { childrenGone, killChildren } from './child-processes.ts'

/** The process exits after this time even if the server has not stopped. */
const MAX_STOP_MS = 3_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let stopRequested = false
let stop: () => Promise<void> = async () => {}

/** Whether the process was asked to stop; errors after that are expected and need no report. */
export function isStopping(): boolean {
  return stopRequested
}

/** Makes signals end the process with exit code 0, also before the server is ready. */
export function exitCleanlyOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, end)
  if (process.env.npm_lifecycle_event) endWithParent()
  // Miniflare's own listeners call process.exit(143) while it starts, but a requested stop is not a failure.
  process.on('exit', () => {
    if (stopRequested) process.exitCode = 0
  })
}

/** Sets the function that stops the server. Removes Miniflare's listeners, which would exit before workerd has exited. */
export function stopWith(stopServer: () => Promise<void>): void {
  stop = stopServer
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
}

/**
 * Ends the server when npm dies. npm forwards only SIGINT and SIGTERM: when any other signal ends npm, the server would
 * keep running.
 */
function endWithParent(): void {
  const npm = process.ppid
  setInterval(() => {
    if (process.ppid !== npm) end()
  }, 500).unref()
}

function end(): void {
  if (stopRequested) return
  stopRequested = true
  setTimeout(() => process.exit(0), MAX_STOP_MS).unref()
  stop()
    .catch(() => {})
    .then(() => {
      killChildren()
      return childrenGone()
    })
    .then(() => process.exit(0))
}
