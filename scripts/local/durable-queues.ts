import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { Plugin, Service } from 'miniflare'
import { Refusal } from './settings.ts'

/** The Worker that takes the place of Miniflare's queue broker. */
const WORKER_DIR = join(import.meta.dirname, 'queues')

/** Miniflare's names (plugins/queues in its source). A test fails when a new version has others. */
const BROKER = 'queues:queue'
const BROKER_CLASS = 'QueueBrokerObject'
const STORAGE = 'queues:storage'

const CLASSES = [BROKER_CLASS, 'CronObject']
const COMPATIBILITY_DATE = '2026-11-01'

let isDone = false

/**
 * Stores the local queues on disk and runs the crons. Miniflare keeps its queues in memory, so that a SIGKILL loses
 * accepted jobs, and it never runs a cron. This function replaces the one Worker in which every later Miniflare of this
 * process runs its queues. The bindings of the queues stay workerd's own, so the service is the Worker of a deployment.
 */
export async function storeQueuesOnDisk(): Promise<void> {
  const { getPersistPath, getTriggersOfType, QUEUES_PLUGIN } = await import('miniflare')
  if (isDone) return
  isDone = true
  const original = QUEUES_PLUGIN.getServices
  const replacement: Plugin['getServices'] = async (given) => {
    const services = (await original.call(QUEUES_PLUGIN, given)) as Service[]
    const broker = services.find(({ name }) => name === BROKER)
    if (services.length === 0) return services
    const worker = broker && 'worker' in broker ? broker.worker : undefined
    if (!broker || worker?.durableObjectNamespaces?.[0]?.className !== BROKER_CLASS) {
      throw new Refusal(
        'This version of Miniflare runs its queues in another way. Install the versions of package-lock.json with `npm ci`.',
      )
    }
    const path = getPersistPath('queues', given.tmpPath, given.sharedOptions.resourcePersistencePath)
    mkdirSync(path, { recursive: true })
    const { config } = given.options
    const replaced: Service = {
      name: BROKER,
      worker: {
        ...worker,
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags: ['experimental', 'service_binding_extra_handlers'],
        modules: readModules(),
        durableObjectNamespaces: CLASSES.map((className) => ({
          className,
          uniqueKey: `local-${className}`,
          enableSql: true,
        })),
        durableObjectStorage: { localDisk: STORAGE },
        bindings: [
          ...(worker.bindings ?? []),
          { name: 'CRON', durableObjectNamespace: { className: 'CronObject' } },
          {
            name: 'CRONS',
            json: JSON.stringify(getTriggersOfType(config, 'scheduled').map(({ schedule }) => schedule)),
          },
          { name: 'WORKER', service: { name: `core:user:${config.name}` } },
        ],
      },
    }
    const storage: Service = { name: STORAGE, disk: { path, writable: true } }
    return [storage, ...services.map((service) => (service === broker ? replaced : service))]
  }
  QUEUES_PLUGIN.getServices = replacement
}

/** The sources of the Worker. Removing their types takes milliseconds, so that the server starts without a bundler. */
function readModules(): { name: string; esModule: string }[] {
  const names = readdirSync(WORKER_DIR).filter((name) => name.endsWith('.ts'))
  // The first module is the entry.
  names.sort((a, b) => Number(b === 'worker.ts') - Number(a === 'worker.ts'))
  return names.map((name) => ({ name, esModule: withoutTypes(readFileSync(join(WORKER_DIR, name), 'utf8')) }))
}

function withoutTypes(source: string): string {
  const { emitWarning } = process
  // Node warns that the function is experimental; Node runs these scripts themselves in the same way.
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}
