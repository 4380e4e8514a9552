/*
 * Generates the protobuf codecs in src/protocol/proto/generated from the .proto files in src/protocol/proto. Works offline.
 *   node scripts/gen-proto.ts            regenerates the codecs
 *   node scripts/gen-proto.ts --check    changes no file; fails when the committed codecs are out of date
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = join(ROOT, 'src/protocol/proto')
const COMMITTED = join(SOURCES, 'generated')
const BIN = join(ROOT, 'node_modules/.bin')

const OPTIONS = [
  // Field names keep the spelling of the .proto files, in any case.
  'snakeToCamel=false',
  // All 64-bit fields are times, seqs and versions below 2^53; the decoder throws for larger numbers.
  'forceLong=number',
  'useOptionals=none',
  'enumsAsLiterals=true',
  'outputJsonMethods=false',
  'outputServices=false',
  'exportCommonSymbols=false',
  'useExactTypes=false',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'annotateFilesWithVersion=false',
]

if (process.argv.includes('--check')) check()
else generate(COMMITTED)

function generate(directory: string): void {
  const template = {
    version: 'v2',
    clean: true,
    plugins: [{ local: join(BIN, 'protoc-gen-ts_proto'), out: directory, strategy: 'all', opt: OPTIONS }],
  }
  execFileSync(join(BIN, 'buf'), ['generate', '--template', JSON.stringify(template), SOURCES], {
    cwd: ROOT,
    stdio: 'inherit',
  })
}

function check(): void {
  const fresh = mkdtempSync(join(tmpdir(), 'gen-proto-'))
  try {
    generate(fresh)
    const paths = new Set([...filesUnder(fresh), ...filesUnder(COMMITTED)])
    const stale = [...paths].filter((path) => contentOf(join(fresh, path)) !== contentOf(join(COMMITTED, path)))
    if (stale.length === 0) return
    console.error(`Out of date: ${stale.join(', ')}. Run scripts/gen-proto.ts and commit the result.`)
    process.exitCode = 1
  } finally {
    rmSync(fresh, { recursive: true })
  }
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
