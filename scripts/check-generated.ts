/** Checks that what is generated and committed is what its generator would write today. Changes nothing. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from './local/settings.ts'

const CHECKS = [
  { what: 'src/env.gen.d.ts, from wrangler.toml', remedy: 'npm run types', isFresh: areTypesFresh },
  { what: 'the protobuf codecs', remedy: 'npm run gen:proto', isFresh: areCodecsFresh },
  { what: 'migrations/, from every tables.ts', remedy: 'npm run gen:migrations', isFresh: areMigrationsFresh },
]

for (const { what, remedy, isFresh } of CHECKS) {
  const { fresh, said } = isFresh()
  if (fresh) continue
  console.error(`Out of date: ${what}. Run: ${remedy}\n${said}`)
  process.exitCode = 1
}
if (!process.exitCode) console.log(`Generated files: ${CHECKS.length} kinds, all up to date.`)

interface Finding {
  fresh: boolean
  said: string
}

function areTypesFresh(): Finding {
  const { status, said } = run('wrangler', ['types', '--include-runtime=false', 'src/env.gen.d.ts', '--check'])
  return { fresh: status === 0, said }
}

function areCodecsFresh(): Finding {
  const { status, said } = run('node', ['scripts/gen-proto.ts', '--check'])
  return { fresh: status === 0, said }
}

/** drizzle-kit has no such check: it is asked to generate into a copy, which must have nothing to add. */
function areMigrationsFresh(): Finding {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  const copy = mkdtempSync(join(ROOT, 'dist/migrations-'))
  try {
    if (existsSync(join(ROOT, 'migrations'))) cpSync(join(ROOT, 'migrations'), copy, { recursive: true })
    // It takes options or a config file, not both, and mistakes an absolute folder for a relative one.
    const { said } = run('drizzle-kit', [
      'generate',
      ...[
        '--dialect',
        'sqlite',
        '--driver',
        'd1-http',
        '--schema',
        './src/**/tables.ts',
        '--out',
        relative(ROOT, copy),
      ],
    ])
    // Its exit code is 0 whatever happens.
    return { fresh: said.includes('No schema changes'), said }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Runs a program of node_modules/.bin, as npm does. */
function run(program: string, args: string[]): { status: number | null; said: string } {
  const bin = join(ROOT, 'node_modules/.bin', program)
  const { status, stdout, stderr } = spawnSync(bin, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
  return { status, said: `${stdout ?? ''}${stderr ?? ''}`.trim() }
}
