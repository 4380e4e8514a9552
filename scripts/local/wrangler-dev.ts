/*
 * The local defaults of `npx wrangler dev`. wrangler.toml names this file as the local stand-in of the binding OPENIM_LOCAL,
 * so wrangler loads it for local development only. A deployment and `wrangler dev --remote` upload OPENIM_LOCAL = "0", and
 * refuse to serve without a secret of their own.
 */
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ParsedWorkerOptions, Plugin } from 'miniflare'
import { trackChildren, workerdProcesses } from './child-processes.ts'
import { storeQueuesOnDisk } from './durable-queues.ts'
import { migrate } from './migrate.ts'
import { DEVELOPMENT_SECRET, readSettings } from './settings.ts'
import { lockState, writeServerFile } from './state-lock.ts'

await storeQueuesOnDisk()

const WAKE_INTERVAL_MS = 500

let prepared: Promise<void> | undefined

const plugin: Plugin = {
  getBindings: ({ config }) => settingsFor(config).map(([name, text]) => ({ name, text })),
  getNodeBindings: ({ config }) => Object.fromEntries(settingsFor(config)),
  async getServices({ options, sharedOptions }) {
    // Miniflare calls this before each start of the runtime. Without a path, the state is temporary and has no owner.
    const { resourcePersistencePath: persistDir, publicUrl } = sharedOptions
    if (persistDir !== undefined) prepared ??= prepare(persistDir, databaseOf(options.config), publicUrl)
    await prepared
    return []
  },
}

/** Miniflare's plugins, by the name in wrangler.toml. */
export const plugins = { 'openim-edge': plugin }

/** The settings of `npm start`. wrangler itself takes only OPENIM_SECRET from the shell or from .dev.vars. */
function settingsFor({ env = {} }: ParsedWorkerOptions['config']): [string, string][] {
  return Object.entries(readSettings().vars).filter(([name]) => name === 'OPENIM_LOCAL' || env[name] === undefined)
}

function databaseOf({ env = {} }: ParsedWorkerOptions['config']): string {
  const database = Object.values(env).find((binding) => binding.type === 'd1')
  return database?.type === 'd1' && database.id ? database.id : 'DB'
}

/** Locks the state folder, which `npm start` and `npm run serve` use too, and makes the tables. */
async function prepare(persistDir: string, databaseID: string, url: string | undefined): Promise<void> {
  const stateDir = dirname(persistDir)
  await lockState(stateDir)
  trackChildren(() => writeServerFile(stateDir, { pid: process.pid, workerdPid: workerdProcesses().at(-1)?.pid }))
  await migrate(persistDir, databaseID)
  if (readSettings().vars.OPENIM_SECRET === DEVELOPMENT_SECRET) {
    console.log(
      `openim-edge: a local server with the secret ${DEVELOPMENT_SECRET}, also if wrangler reports it as missing`,
    )
  }
  if (url !== undefined) void wake(url)
}

/** Waits until the server is ready: the check of its queues plans the crons. */
async function wake(url: string): Promise<void> {
  for (let ready = false; !ready; ) {
    await setTimeout(WAKE_INTERVAL_MS, undefined, { ref: false })
    ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
  }
}
