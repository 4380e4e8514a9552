/**
 * Records the examples in the API's documentation, `src/http/docs/examples.json`: a test makes every call and writes the
 * requests and answers.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './local/settings.ts'

run('vitest', [
  ...['run', '--update', '--config', 'test/vitest.config.ts'],
  ...['--project', 'features', 'test/contract/openim-rest.test.ts'],
])
run('biome', ['check', '--write', 'src/http/docs/examples.json'])

/** Runs a program of node_modules/.bin. Ends this program when it fails. */
function run(program: string, args: string[]): void {
  const { status } = spawnSync(join(ROOT, 'node_modules/.bin', program), args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, RECORD_EXAMPLES: '1' },
  })
  if (status !== 0) process.exit(status ?? 1)
}
