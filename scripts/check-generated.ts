/** Checks that the committed generated files are up to date with their sources. Changes no file. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from './local/settings.ts'

const CHECKS = [
  { files: 'src/env.gen.d.ts, from wrangler.toml', remedy: 'npm run types', run: checkTypes },
  { files: 'the protobuf codecs', remedy: 'npm run gen:proto', run: checkCodecs },
  {
    files: 'the access table in docs/security.md, from every endpoint',
    remedy: 'node scripts/gen-access-table.ts',
    run: checkAccessTable,
  },
  { files: 'migrations/, from every tables.ts', remedy: 'npm run gen:migrations', run: checkMigrations },
]

for (const { files, remedy, run } of CHECKS) {
  const { isFresh, output } = run()
  if (isFresh) continue
  console.error(`Out of date: ${files}. Run: ${remedy}\n${output}`)
  process.exitCode = 1
}
if (!process.exitCode) console.log(`Generated files: ${CHECKS.length} kinds, all up to date.`)

interface Finding {
  isFresh: boolean
  /** The output of the generator. */
  output: string
}

function checkTypes(): Finding {
  const { status, output } = runBin('wrangler', ['types', '--include-runtime=false', 'src/env.gen.d.ts', '--check'])
  return { isFresh: status === 0, output }
}

function checkCodecs(): Finding {
  const { status, output } = runBin('node', ['scripts/gen-proto.ts', '--check'])
  return { isFresh: status === 0, output }
}

function checkAccessTable(): Finding {
  const { status, output } = runBin('node', ['scripts/gen-access-table.ts', '--check'])
  return { isFresh: status === 0, output }
}

/** drizzle-kit has no check of its own, so it generates into a copy of the folder and must find no changes. */
function checkMigrations(): Finding {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  const copy = mkdtempSync(join(ROOT, 'dist/migrations-'))
  try {
    if (existsSync(join(ROOT, 'migrations'))) cpSync(join(ROOT, 'migrations'), copy, { recursive: true })
    // drizzle-kit accepts either options or a config file, and reads an absolute folder as a relative one.
    const { output } = runBin('drizzle-kit', [
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
    // The exit code of drizzle-kit is always 0.
    return { isFresh: output.includes('No schema changes'), output }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Runs a program of node_modules/.bin, as npm does. */
function runBin(program: string, args: string[]): { status: number | null; output: string } {
  const bin = join(ROOT, 'node_modules/.bin', program)
  const { status, stdout, stderr } = spawnSync(bin, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
  return { status, output: `${stdout ?? ''}${stderr ?? ''}`.trim() }
}
