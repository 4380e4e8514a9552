import { globSync, readFileSync } from 'node:fs'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { writePlainConfig } from '../scripts/local/plain-config.ts'
import { hostMemory } from './rigs/host-memory.ts'

// wrangler.toml declares the secret as required; here it is the local default.
process.env.OPENIM_SECRET ??= 'openIM123'

const root = new URL('..', import.meta.url).pathname
const configPath = writePlainConfig()

/**
 * Deadlines for a state that never comes. No step takes that long by itself. But two cores may be shared by two servers,
 * a browser and workerd, and a test must not fail because its machine is slow.
 */
const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000, interval: 50 } } }
const LONG_TIMEOUTS = { ...TIMEOUTS, testTimeout: 240_000, hookTimeout: 240_000 }

/** Folders with unit tests of one module or object each: seconds in total. */
const UNITS = ['protocol', 'platform', 'config', 'runtime', 'sync', 'objects', 'http', 'jobs', 'push']

/**
 * Test files of units that need a workerd process of their own. `instrumentBindings` counts every call in its isolate.
 * Objects that a test aborts with `abortAllDurableObjects` keep their storage after `reset`, so a later file would find
 * it.
 */
const ISOLATED = globSync(`test/{${UNITS}}/**/*.test.ts`, { cwd: root }).filter((path) =>
  /instrumentBindings|abortAllDurableObjects/.test(readFileSync(root + path, 'utf8')),
)

interface QueueConsumer {
  queue: string
  max_batch_size?: number
  max_retries?: number
  dead_letter_queue?: string
}

/**
 * The queues of wrangler.toml, whose jobs run at once instead of after a second: a job that still waits at the end of a
 * file would run in the next one.
 */
async function readQueueConsumers() {
  const { unstable_readConfig: readConfig } = await import('wrangler')
  const consumers: QueueConsumer[] = readConfig({ config: configPath }).queues.consumers
  return Object.fromEntries(
    consumers.map((consumer) => [
      consumer.queue,
      {
        maxBatchSize: consumer.max_batch_size ?? 10,
        maxBatchTimeout: 0,
        maxRetries: consumer.max_retries ?? 3,
        ...(consumer.dead_letter_queue ? { deadLetterQueue: consumer.dead_letter_queue } : {}),
      },
    ]),
  )
}

/**
 * Tests inside workerd, with real objects, D1, R2 and queues. A workerd process of its own costs a file two to three
 * seconds, and its code starts cold. So most files share one: `test/setup.ts` empties the storage before each file.
 */
function inWorkerd(name: string, files: { include: string[]; exclude?: string[] }, isolate: boolean) {
  return {
    root,
    plugins: [
      cloudflareTest(async () => ({
        wrangler: { configPath },
        miniflare: {
          queueConsumers: await readQueueConsumers(),
          // Small limits, which a test can reach. A test has to switch them on.
          ratelimits: {
            RATE_LIMIT_IP: { namespace_id: '1', simple: { limit: 5, period: 60 } },
            RATE_LIMIT_USER: { namespace_id: '2', simple: { limit: 3, period: 60 } },
            RATE_LIMIT_CONNECT: { namespace_id: '3', simple: { limit: 2, period: 60 } },
          },
          serviceBindings: { HOST_MEMORY: hostMemory },
          bindings: {
            OPENIM_LOCAL: '1',
            OPENIM_LOG_LEVEL: 'error',
            // Each member is an object: a small limit lets tests reach relays with a few of them.
            OPENIM_MAX_DIRECT_MEMBERS: '20',
            OPENIM_METRICS_TOKEN: 'for-prometheus-only',
            RECORD_EXAMPLES: process.env.RECORD_EXAMPLES ?? '',
            // For tests with generated cases, see `test/rigs/generated.ts`.
            TEST_GENERATED_SECONDS: process.env.TEST_GENERATED_SECONDS ?? '',
            TEST_GENERATED_SEED: process.env.TEST_GENERATED_SEED ?? '',
            TEST_MIGRATIONS: await readD1Migrations(`${root}migrations`),
          },
        },
      })),
    ],
    test: {
      name,
      ...files,
      isolate,
      setupFiles: ['test/setup.ts'],
      // Bundled, because workerd would load the hundreds of small modules of these packages one by one.
      deps: {
        optimizer: {
          ssr: {
            enabled: true,
            include: [
              '@bufbuild/protobuf/wire',
              'aws4fetch',
              'drizzle-orm',
              'drizzle-orm/d1',
              'drizzle-orm/sqlite-core',
              'fast-check',
              'hono',
              'hono/cors',
              'hono/html',
              'hono/utils/mime',
              'jose',
              'zod',
            ],
          },
        },
      },
      ...TIMEOUTS,
    },
  }
}

/**
 * `workers`, `features` and `isolated` run inside workerd; `node` tests the scripts; `sdk` tests the parts of the client; `e2e` starts whole servers and uses
 * them through OpenIM's own SDKs.
 */
export default defineConfig({
  test: {
    projects: [
      inWorkerd('workers', { include: [`test/{${UNITS}}/**/*.test.ts`], exclude: ISOLATED }, false),
      inWorkerd('features', { include: ['test/{features,contract}/**/*.test.ts'] }, false),
      inWorkerd('isolated', { include: ISOLATED }, true),
      {
        root,
        test: {
          name: 'node',
          include: ['test/{scripts,soak,docs}/**/*.test.ts'],
          ...LONG_TIMEOUTS,
        },
      },
      { root, test: { name: 'sdk', include: ['test/sdk/**/*.test.ts'], ...TIMEOUTS } },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Files share a process, and so its server and its browser; `scripts/run-tests.ts` runs several processes.
          fileParallelism: false,
          isolate: false,
          ...LONG_TIMEOUTS,
        },
      },
    ],
  },
})
