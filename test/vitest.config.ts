import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// wrangler.toml declares the secret as required; here it is the local default.
process.env.OPENIM_SECRET ??= 'openIM123'

const root = new URL('..', import.meta.url).pathname

/**
 * Three kinds of tests. `workers` run inside workerd, beside real objects, D1, R2 and queues; `node` tests the scripts;
 * `e2e` starts whole servers and drives them with OpenIM's own SDKs.
 */
export default defineConfig({
  test: {
    projects: [
      {
        root,
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                OPENIM_LOCAL: '1',
                OPENIM_LOG_LEVEL: 'error',
                // Every member is an object, and hundreds of them take their time here.
                OPENIM_MAX_DIRECT_MEMBERS: '20',
                TEST_MIGRATIONS: await readD1Migrations(`${root}migrations`),
              },
            },
          })),
        ],
        test: {
          name: 'workers',
          include: ['test/{protocol,platform,sync,features,objects,http,jobs,push,contract}/**/*.test.ts'],
          setupFiles: ['test/setup.ts'],
        },
      },
      {
        root,
        test: {
          name: 'node',
          include: ['test/scripts/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // A server and a browser at a time are enough for two cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
