/**
 * `npm run serve`: runs the service in workerd without a development proxy, with the same state folder as `npm start`.
 * Configured by PORT, STATE_DIR and the OPENIM_ variables; SERVE_BUNDLE names an existing bundle.
 */
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { getBundle } from './local/bundle.ts'
import { workerdProcesses } from './local/child-processes.ts'
import { storeQueuesOnDisk } from './local/durable-queues.ts'
import { migrate } from './local/migrate.ts'
import { type RunningServer, runServer } from './local/run-server.ts'
import { HOST, type LocalSettings } from './local/settings.ts'
import { isStopping } from './local/shutdown.ts'
import { printWorkerLog } from './local/worker-log.ts'

await runServer(serve)

async function serve({ port, persistDir, vars }: LocalSettings): Promise<RunningServer> {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import('miniflare')
  const { dir, worker, freshPersistDir } = await getBundle()
  if (!existsSync(join(persistDir, 'd1')) && existsSync(freshPersistDir)) {
    cpSync(freshPersistDir, persistDir, { recursive: true })
  }
  await migrate(persistDir, worker.databaseID)
  await storeQueuesOnDisk()

  class QuietLog extends Log {
    override warn(message: string): void {
      // Ctrl+C also reaches workerd, and Miniflare would report its end as a crash.
      if (!isStopping()) super.warn(message)
    }
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...worker.options,
      name: worker.name,
      bindings: vars,
      modulesRoot: join(dir, 'code'),
      modules: worker.modules.map(({ type, path }) => ({ type, path: join(dir, 'code', path) })),
      // The Worker's own socket: Miniflare's default one runs an entry Worker, which takes longer than most calls.
      unsafeDirectSockets: [{ host: HOST, port }],
      host: HOST,
      port: 0,
      resourcePersistencePath: persistDir,
      cf: false,
      // Each log line would pass through this Node process.
      logRequests: false,
      log: new QuietLog(LogLevel.WARN),
      handleStructuredLogs: printWorkerLog,
    }),
  )
  await miniflare.ready
  const url = (await miniflare.unsafeGetDirectURL(worker.name)).origin
  return { url, stop: () => miniflare.dispose(), workerdPid: () => workerdProcesses().at(-1)?.pid }
}
