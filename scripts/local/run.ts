import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { printReady } from './banner.ts'
import { adoptChildren } from './children.ts'
import { claimState, writeServerFile } from './claim.ts'
import { requireFreePort } from './port.ts'
import { type LocalSettings, Refusal, ROOT, readSettings } from './settings.ts'
import { exitCleanlyOnSignals, isStopping, stopWith } from './shutdown.ts'

export interface RunningServer {
  url: string
  stop: () => Promise<void>
  /** The runtime that executes the Worker; another one after a crash. */
  workerdPid: () => number | undefined
}

/** What `npm start` and `npm run serve` have in common: everything but the server itself. */
export async function runServer(boot: (settings: LocalSettings) => Promise<RunningServer>): Promise<void> {
  try {
    // wrangler and Miniflare are megabytes of source: keeping them compiled halves every later start.
    enableCompileCache(join(ROOT, 'node_modules/.cache/compiled'))
    exitCleanlyOnSignals()
    const settings = readSettings()
    await requireFreePort(settings.port)
    await claimState(settings.stateDir)
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
    adoptChildren(publish)
    server = await boot(settings)
    stopWith(server.stop)
    publish()
    printReady(server.url, settings)
  } catch (error) {
    if (isStopping()) return
    console.error(error instanceof Refusal ? error.message : error)
    process.exit(1)
  }
}
