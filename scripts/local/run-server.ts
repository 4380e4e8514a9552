import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { trackChildren } from './child-processes.ts'
import { requireFreePort } from './port.ts'
import { printReady } from './ready-message.ts'
import { type LocalSettings, Refusal, ROOT, readSettings } from './settings.ts'
import { exitCleanlyOnSignals, isStopping, stopWith } from './shutdown.ts'
import { lockState, writeServerFile } from './state-lock.ts'

export interface RunningServer {
  url: string
  stop: () => Promise<void>
  /** The workerd process that runs the Worker; it changes after a crash. */
  workerdPid: () => number | undefined
}

/**
 * Runs a local server from start to end: settings, port, state folder, child processes and shutdown. Used by `npm start`
 * and `npm run serve`.
 * @param startServer starts the server itself
 */
export async function runServer(startServer: (settings: LocalSettings) => Promise<RunningServer>): Promise<void> {
  try {
    // wrangler and Miniflare are megabytes of source. Caching their compiled code halves the time of later starts.
    enableCompileCache(join(ROOT, 'node_modules/.cache/compiled'))
    exitCleanlyOnSignals()
    const settings = readSettings()
    await requireFreePort(settings.port)
    await lockState(settings.stateDir)
    let server: RunningServer | undefined
    const publish = () => {
      if (!server) return
      const { url, workerdPid } = server
      writeServerFile(settings.stateDir, {
        pid: process.pid,
        workerdPid: workerdPid(),
        port: Number(new URL(url).port),
        url,
      })
    }
    trackChildren(publish)
    server = await startServer(settings)
    stopWith(server.stop)
    publish()
    // The check of the queues plans the crons.
    void fetch(`${server.url}/readyz`).catch(() => {})
    printReady(server.url, settings)
  } catch (error) {
    if (isStopping()) return
    console.error(error instanceof Refusal ? error.message : error)
    process.exit(1)
  }
}
