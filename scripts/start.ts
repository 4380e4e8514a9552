/**
 * `npm start`: runs the service under `wrangler dev`, which rebuilds and reloads it when a source file changes.
 * Configured by PORT, STATE_DIR and the OPENIM_ variables.
 */
import { describeWorker } from './local/bundle.ts'
import { workerdProcesses } from './local/child-processes.ts'
import { storeQueuesOnDisk } from './local/durable-queues.ts'
import { migrate } from './local/migrate.ts'
import { writePlainConfig } from './local/plain-config.ts'
import { findFreePort } from './local/port.ts'
import { type RunningServer, runServer } from './local/run-server.ts'
import { HOST, type LocalSettings, Refusal } from './local/settings.ts'
import { printWorkerLog } from './local/worker-log.ts'
import { importWrangler } from './local/wrangler.ts'

await runServer(start)

async function start({ port, stateDir, persistDir, vars }: LocalSettings): Promise<RunningServer> {
  const { unstable_DevEnv: DevServer } = await importWrangler()
  const { databaseID } = await describeWorker()
  await migrate(persistDir, databaseID)
  await storeQueuesOnDisk()

  const server = new DevServer()
  // wrangler's proxy listens before the Worker is loaded.
  const loaded = new Promise((resolve) => server.once('reloadComplete', resolve))
  const started = server.startWorker({
    config: writePlainConfig(),
    bindings: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, { type: 'plain_text', value }])),
    sendMetrics: false,
    dev: {
      server: { hostname: HOST, port: port || (await findFreePort()) },
      persist: stateDir,
      remote: false,
      watch: true,
      // With a registry, servers with the same name find each other through the home folder and share queues.
      registry: undefined,
      inspector: false,
      structuredLogsHandler: printWorkerLog,
    },
  })
  const worker = await started.catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause : error
    throw new Refusal(`The Worker could not be started: ${reason.message}`)
  })
  const url = (await worker.url).origin
  await loaded
  server.on('reloadComplete', () => console.log('reloaded'))
  return { url, stop: () => worker.dispose(), workerdPid: () => workerProcess(url) }
}

/** The pid of the workerd process with the Worker; `wrangler dev` also runs a proxy, which listens on our port. */
function workerProcess(url: string): number | undefined {
  const { host } = new URL(url)
  return workerdProcesses().findLast(({ args }) => !args.some((arg) => arg.endsWith(`=${host}`)))?.pid
}
