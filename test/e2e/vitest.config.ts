import { defineConfig } from 'vitest/config'

/** The end-to-end tests alone: `npx vitest run --config test/e2e/vitest.config.ts`. */
export default defineConfig({
  test: {
    name: 'e2e',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    environment: 'node',
    // A server and a browser per file are enough for two cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
