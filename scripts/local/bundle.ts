import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { extname, join, resolve } from 'node:path'
import type { SourcelessWorkerOptions } from 'wrangler'
import { migrate } from './migrate.ts'
import { Refusal, ROOT } from './settings.ts'
import { importWrangler, runWrangler, WRANGLER_CONFIG } from './wrangler.ts'

const BUNDLES_DIR = join(ROOT, 'dist/serve')
const KEEP_UNUSED_MS = 3_600_000

/** The sources of a bundle: the bundle's name is a hash of them. */
const SOURCES = ['src', 'migrations', 'wrangler.toml', 'tsconfig.json', 'package-lock.json', 'scripts/local']

/** Everything `npm run serve` needs, so that a start runs neither a bundler nor wrangler. */
export interface Bundle {
  dir: string
  worker: WorkerDescription
  /** A persistence folder with only a migrated database; a new state folder starts as a copy of it. */
  freshPersistDir: string
}

interface WorkerDescription {
  name: string
  databaseID: string
  /** wrangler's conversion of wrangler.toml: bindings, queues and their consumers, crons, compatibility. */
  options: Omit<SourcelessWorkerOptions, 'modulesRules'>
  modules: { type: ModuleType; path: string }[]
}

type ModuleType = 'ESModule' | 'CompiledWasm' | 'Data' | 'Text'

/** wrangler's default module types by file extension. */
const MODULE_TYPES: Record<string, ModuleType> = {
  '.js': 'ESModule',
  '.wasm': 'CompiledWasm',
  '.bin': 'Data',
  '.txt': 'Text',
  '.html': 'Text',
  '.sql': 'Text',
}

/**
 * Returns the bundle of the present sources, and builds it if it does not exist. SERVE_BUNDLE names an existing bundle,
 * which is used without checking the sources. Safe to call from several processes at once: each builds in its own folder,
 * and the first one to finish renames its folder to the final name.
 */
export async function getBundle(): Promise<Bundle> {
  if (process.env.SERVE_BUNDLE) return readBundle(resolve(ROOT, process.env.SERVE_BUNDLE))
  const dir = join(BUNDLES_DIR, fingerprint())
  if (!existsSync(dir)) await build(dir)
  return readBundle(dir)
}

function readBundle(dir: string): Bundle {
  const path = join(dir, 'worker.json')
  if (!existsSync(path)) throw new Refusal(`${dir} does not contain a bundle. Unset SERVE_BUNDLE to build one.`)
  return { dir, worker: JSON.parse(readFileSync(path, 'utf8')), freshPersistDir: join(dir, 'fresh') }
}

async function build(dir: string): Promise<void> {
  mkdirSync(BUNDLES_DIR, { recursive: true })
  removeUnused()
  // Next to the final folder instead of the system's temporary one: a rename is atomic only within one file system.
  const work = mkdtempSync(`${dir}.`)
  try {
    const [worker] = await Promise.all([
      describeWorker(),
      runWrangler(['deploy', '--dry-run', '--outdir', join(work, 'code')], 'The Worker could not be bundled'),
    ])
    const files = readdirSync(join(work, 'code'))
    const modules = files.flatMap((path) => {
      const type = MODULE_TYPES[extname(path)]
      return type ? [{ type, path }] : []
    })
    // Miniflare takes the first module as the entry module.
    modules.sort((a, b) => Number(b.path === 'worker.js') - Number(a.path === 'worker.js'))
    await migrate(join(work, 'fresh'), worker.databaseID)
    writeFileSync(join(work, 'worker.json'), JSON.stringify({ ...worker, modules }))
    try {
      renameSync(work, dir)
    } catch (error) {
      if (!existsSync(dir)) throw error
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Converts wrangler.toml to options for Miniflare. */
export async function describeWorker(): Promise<Omit<WorkerDescription, 'modules'>> {
  const { unstable_getMiniflareWorkerOptions: convert, unstable_readConfig: readConfig } = await importWrangler()
  const config = readConfig({ config: WRANGLER_CONFIG }, { hideWarnings: true })
  // The settings come from settings.ts: neither variables nor the local defaults of `wrangler dev` apply.
  const { modulesRules: _, bindings: __, unsafeBindings: ___, ...options } = convert(config).workerOptions
  const database = Object.values(options.d1Databases ?? {})[0]
  const databaseID = typeof database === 'string' ? database : database?.id
  if (!config.name || !databaseID) throw new Refusal('wrangler.toml must name the Worker and one D1 database.')
  return { name: config.name, databaseID, options }
}

function fingerprint(): string {
  const hash = createHash('sha256')
  const add = (path: string) => {
    const full = join(ROOT, path)
    if (!existsSync(full)) return
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) add(join(path, name))
    } else {
      hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
    }
  }
  for (const path of SOURCES) add(path)
  return hash.digest('hex').slice(0, 16)
}

/** Deletes bundles that are older than an hour. A server reads its bundle only at its start, so none is in use then. */
function removeUnused(): void {
  for (const name of readdirSync(BUNDLES_DIR)) {
    const path = join(BUNDLES_DIR, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > KEEP_UNUSED_MS) rmSync(path, { recursive: true, force: true })
  }
}
