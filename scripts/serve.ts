/**
 * `npm run serve`: the program in workerd, reached without a proxy in between, on the state `npm start` uses.
 * PORT, STATE_DIR and OPENIM_ variables set it up; SERVE_BUNDLE names a bundle made earlier.
 */
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { getBundle } from './local/bundle.ts'
import { workerdProcesses } from './local/children.ts'
import { printWorkerLog } from './local/log.ts'
import { migrate } from './local/migrate.ts'
import { type RunningServer, runServer } from './local/run.ts'
import { HOST, type LocalSettings } from './local/settings.ts'
import { isStopping } from './local/shutdown.ts'

await runServer(serve)

async function serve({ port, persistDir, vars }: LocalSettings): Promise<RunningServer> {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import('miniflare')
  const { dir, worker, freshPersistDir } = await getBundle()
  if (!existsSync(join(persistDir, 'd1')) && existsSync(freshPersistDir)) {
    cpSync(freshPersistDir, persistDir, { recursive: true })
  }
  await migrate(persistDir, worker.databaseID)

  class QuietLog extends Log {
    override warn(message: string): void {
      // Ctrl+C reaches workerd too, which then looks like a crash.
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
      // The Worker's own door: Miniflare's has a Worker of its own behind it, which takes more time than most calls.
      unsafeDirectSockets: [{ host: HOST, port }],
      host: HOST,
      port: 0,
      resourcePersistencePath: persistDir,
      cf: false,
      // A line per request would go through this Node process.
      logRequests: false,
      log: new QuietLog(LogLevel.WARN),
      handleStructuredLogs: printWorkerLog,
    }),
  )
  await miniflare.ready
  const url = (await miniflare.unsafeGetDirectURL(worker.name)).origin
  return { url, stop: () => miniflare.dispose(), workerdPid: () => workerdProcesses().at(-1)?.pid }
}
