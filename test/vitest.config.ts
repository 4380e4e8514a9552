import { globSync, readFileSync } from 'node:fs'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// wrangler.toml declares the secret as required; here it is the local default.
process.env.OPENIM_SECRET ??= 'openIM123'

const root = new URL('..', import.meta.url).pathname

/**
 * Deadlines for what never happens. Nothing takes so long by itself, but two cores may be shared by two servers, a
 * browser and workerd, and a test that waits for a state must not fail over how long that takes.
 */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000, interval: 50 } } }
const LONG_PATIENCE = { ...PATIENCE, testTimeout: 240_000, hookTimeout: 240_000 }

const SHARED = ['protocol', 'platform', 'config', 'runtime', 'sync', 'objects', 'http', 'jobs', 'push']

/**
 * Files that need an isolate of their own: one counts all that happens in it, and objects that a test aborts keep their
 * storage when everything is reset.
 */
const ALONE = globSync(`test/{${SHARED}}/**/*.test.ts`, { cwd: root }).filter((path) =>
  /instrumentBindings|abortAllDurableObjects/.test(readFileSync(root + path, 'utf8')),
)

/**
 * Tests inside workerd, beside real objects, D1, R2 and queues. An isolate for each file takes two seconds to begin;
 * where a file leaves nothing behind that another could stumble over, they share one, with storage of their own.
 */
function inWorkerd(name: string, files: { include: string[]; exclude?: string[] }, isolate: boolean) {
  return {
    root,
    plugins: [
      cloudflareTest(async () => ({
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          // Small enough to be reached; they count only where a test switches them on.
          ratelimits: {
            RATE_LIMIT_IP: { namespace_id: '1', simple: { limit: 5, period: 60 } },
            RATE_LIMIT_USER: { namespace_id: '2', simple: { limit: 3, period: 60 } },
            RATE_LIMIT_CONNECT: { namespace_id: '3', simple: { limit: 2, period: 60 } },
          },
          bindings: {
            OPENIM_LOCAL: '1',
            OPENIM_LOG_LEVEL: 'error',
            // Every member is an object, and hundreds of them take their time here.
            OPENIM_MAX_DIRECT_MEMBERS: '20',
            OPENIM_METRICS_TOKEN: 'for-prometheus-only',
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
      // Into an empty isolate the hundreds of small modules of these would be loaded one by one.
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
      ...PATIENCE,
    },
  }
}

/**
 * Four kinds of tests: `workers` and `features` run inside workerd; `node` tests the scripts; `e2e` starts whole servers
 * and drives them with OpenIM's own SDKs.
 */
export default defineConfig({
  test: {
    projects: [
      inWorkerd('workers', { include: [`test/{${SHARED}}/**/*.test.ts`], exclude: ALONE }, false),
      inWorkerd('features', { include: ['test/{features,contract}/**/*.test.ts', ...ALONE] }, true),
      {
        root,
        test: {
          name: 'node',
          include: ['test/{scripts,soak,docs}/**/*.test.ts'],
          ...LONG_PATIENCE,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // A server and a browser at a time are enough for two cores.
          fileParallelism: false,
          // The SDKs have races of their own (one counts a message twice that comes while it reads a new conversation):
          // a journey may go wrong once. Those that did are named at the end of the run.
          retry: 1,
          ...LONG_PATIENCE,
        },
      },
    ],
  },
})
