/**
 * Runs the tests of `npm test` in several vitest processes side by side, because most end-to-end tests wait for a server
 * or a browser and leave the processor idle. Each process prints its report when it ends. The failures of all processes
 * are repeated at the end, one line each, and the last line is the total: `N passed, N failed`.
 *
 * With `--fast` (`npm run test:fast`), it runs the project `workers` and the tests of files that differ from the last
 * commit.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

const VITEST = [
  'run',
  '--config',
  'test/vitest.config.ts',
  '--reporter',
  'default',
  '--reporter',
  './scripts/test-summary.ts',
]

/** Two test processes keep one core busy: the end-to-end tests wait for about half of their time. */
const PROCESSES = Math.min(availableParallelism() + 1, 4)

/**
 * The end-to-end tests are split into this many runs, so that free processes can share them. The files of one run share
 * a server and a browser.
 */
const E2E_PARTS = 5

/** In memory, because the servers under test sync every write to their disk. */
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 4 * 2 ** 30

const scratch = makeScratchDir()
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

const waiting = process.argv.includes('--fast') ? fastRuns() : allRuns()
const outcomes = (await Promise.all(Array.from({ length: PROCESSES }, runOneAfterAnother))).flat()
for (const { failures } of outcomes) process.stdout.write(failures)
process.exitCode = outcomes.some(({ code }) => code !== 0) ? 1 : 0
console.log(`${total('passed')} passed, ${total('failed')} failed`)

interface Outcome {
  code: number
  passed: number
  failed: number
  /** One line for each failure. */
  failures: string
}

function total(count: 'passed' | 'failed'): number {
  return outcomes.reduce((sum, outcome) => sum + outcome[count], 0)
}

async function runOneAfterAnother(): Promise<Outcome[]> {
  const done: Outcome[] = []
  for (let next = waiting.shift(); next; next = waiting.shift()) done.push(await run(next))
  return done
}

/** The arguments of each vitest process, the longest first, so that the short ones at the end keep all cores busy. */
function allRuns(): string[][] {
  return [
    ['--project', 'features', '--shard', '1/2'],
    ['--project', 'features', '--shard', '2/2'],
    ['--project', 'workers', '--project', 'isolated'],
    ['--project', 'node', '--project', 'sdk'],
    ...Array.from({ length: E2E_PARTS }, (_, i) => ['--project', 'e2e', '--shard', `${i + 1}/${E2E_PARTS}`]),
  ]
}

/** The project `workers` takes seconds, so all of it runs; of the slower projects, only the tests of changed code. */
function fastRuns(): string[][] {
  const tests = [...new Set(changedFiles().flatMap(testsOf))]
  const slow = ['--project', 'features', '--project', 'isolated', '--project', 'node', '--passWithNoTests', ...tests]
  return tests.length > 0 ? [['--project', 'workers'], slow] : [['--project', 'workers']]
}

/** Files that differ from the last commit, new files included. */
function changedFiles(): string[] {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).split('\n')
  return [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')].filter(Boolean)
}

/** The tests of source folders that `test/` does not mirror. */
const ELSEWHERE: Record<string, string> = {
  'src/webhook/': 'test/features/webhook',
  'src/notification/': 'test/features/message/notices.test.ts',
  'scripts/': 'test/scripts',
}

/** The tests of a changed file. `test/` mirrors `src/`: the deepest folder or test file of the same name counts. */
function testsOf(path: string): string[] {
  if (path.startsWith('test/')) return path.endsWith('.test.ts') && existsSync(path) ? [path] : []
  const elsewhere = Object.keys(ELSEWHERE).find((folder) => path.startsWith(folder))
  if (elsewhere !== undefined) return [ELSEWHERE[elsewhere] ?? '']
  if (!path.startsWith('src/')) return []
  const names = path
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .split('/')
  for (; names.length > 1; names.pop()) {
    const mirrored = join('test', ...names)
    const found = [mirrored, `${mirrored}.test.ts`].find((candidate) => existsSync(candidate))
    if (found !== undefined) return [found]
  }
  return []
}

function run(args: readonly string[]): Promise<Outcome> {
  const child = spawn('vitest', [...VITEST, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: scratch, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  })
  let output = ''
  const append = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', append)
  child.stderr.on('data', append)
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  process.once('SIGINT', forward).once('SIGTERM', forward)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      process.off('SIGINT', forward).off('SIGTERM', forward)
      const summary = /((?:failed: .*\n)*)(\d+) passed, (\d+) failed\s*$/.exec(output)
      process.stdout.write(summary ? output.slice(0, summary.index) : output)
      // A vitest process without a summary did not run its tests, which is a failure too.
      const [failures = '', passed = 0, failed = 1] = summary
        ? [summary[1], Number(summary[2]), Number(summary[3])]
        : [`failed: vitest ${args.join(' ')} ended with exit code ${code} and without a summary\n`]
      resolve({ code: code ?? 1, passed, failed, failures })
    })
  })
}

function makeScratchDir(): string {
  const { bavail, bsize } = existsSync(MEMORY) ? statfsSync(MEMORY) : { bavail: 0, bsize: 0 }
  return mkdtempSync(join(bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir(), 'openim-edge-tests-'))
}
