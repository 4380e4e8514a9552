/**
 * `npm test`, after the checks: the tests in workerd beside those of the scripts and the journeys with the SDKs, which
 * mostly wait for servers and browsers. Whichever is done takes over what is left of the journeys. Each run prints its
 * report when it ends; at the end stands once more what went wrong in any of them, and the last line is the sum of all.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

/** What the tests' servers write goes with them: in memory it need not wait for a disk. */
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 4 * 2 ** 30

function scratchFolder(): string {
  const { bavail, bsize } = existsSync(MEMORY) ? statfsSync(MEMORY) : { bavail: 0, bsize: 0 }
  return mkdtempSync(join(bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir(), 'openim-edge-tests-'))
}

const scratch = scratchFolder()
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

interface Outcome {
  code: number
  passed: number
  failed: number
  /** A line for each test that failed or passed at the second try only. */
  remarks: string
}

function run(which: readonly string[]): Promise<Outcome> {
  const child = spawn('vitest', [...VITEST, ...which], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: scratch, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  })
  let output = ''
  const take = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const passOn = (signal: NodeJS.Signals) => child.kill(signal)
  process.once('SIGINT', passOn).once('SIGTERM', passOn)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const summary = /((?:(?:passed at the second try|failed): .*\n)*)(\d+) passed, (\d+) failed\s*$/.exec(output)
      process.stdout.write(summary ? output.slice(0, summary.index) : output)
      // A run that ends without its summary did not run its tests.
      const [remarks = '', passed = 0, failed = 1] = summary
        ? [summary[1], Number(summary[2]), Number(summary[3])]
        : [`failed: vitest ${which.join(' ')} ended with ${code} and without a summary\n`]
      resolve({ code: code ?? 1, passed, failed, remarks })
    })
  })
}

/** The journeys take longest and run one after the other: in so many parts two runs can share them. */
const JOURNEY_PARTS = 6

const left = [
  ['--project', 'workers', '--project', 'features'],
  ['--project', 'node'],
  ...Array.from({ length: JOURNEY_PARTS }, (_, i) => ['--project', 'e2e', '--shard', `${i + 1}/${JOURNEY_PARTS}`]),
]

/** Takes one after the other of what is left to run. */
async function work(): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let next = left.shift(); next; next = left.shift()) outcomes.push(await run(next))
  return outcomes
}

const outcomes = (await Promise.all([work(), work()])).flat()
const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0)
for (const { remarks } of outcomes) process.stdout.write(remarks)
process.exitCode = outcomes.some(({ code }) => code !== 0) ? 1 : 0
console.log(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed`)
