/*
 * The local defaults of `npx wrangler dev`. wrangler.toml names this file as the local stand-in of a binding, so that
 * wrangler loads it for local development only: a deployment and `wrangler dev --remote` upload OPENIM_LOCAL = "0".
 */
import { dirname } from 'node:path'
import { describeWorker } from './bundle.ts'
import { migrate } from './migrate.ts'
import { readSettings } from './settings.ts'
import { lockState } from './state-lock.ts'

/** The part of Miniflare's options that the plugin reads. */
interface WorkerOptions {
  config: { env?: Record<string, unknown> }
}
interface SharedOptions {
  resourcePersistencePath?: string
}

let prepared: Promise<void> | undefined

/** Miniflare's plugins, by the name in wrangler.toml. */
export const plugins = {
  'openim-edge': {
    getBindings({ config }: WorkerOptions) {
      // The settings of `npm start`. wrangler itself takes only OPENIM_SECRET from the shell or from .dev.vars.
      return Object.entries(readSettings().vars)
        .filter(([name]) => name === 'OPENIM_LOCAL' || config.env?.[name] === undefined)
        .map(([name, text]) => ({ name, text }))
    },
    getNodeBindings: () => ({}),
    async getServices({ sharedOptions }: { sharedOptions: SharedOptions }) {
      // Miniflare calls this before each start of the runtime. Without a path, the state is temporary: a test's.
      const { resourcePersistencePath: persistDir } = sharedOptions
      if (persistDir !== undefined) prepared ??= prepare(persistDir)
      await prepared
      return []
    },
  },
}

/** Locks the state folder, which `npm start` and `npm run serve` use too, and makes the tables. */
async function prepare(persistDir: string): Promise<void> {
  await lockState(dirname(persistDir))
  const { databaseID } = await describeWorker()
  await migrate(persistDir, databaseID)
}
