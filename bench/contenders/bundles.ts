import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bundle, getBundle } from '../../scripts/local/bundle.ts'
import { ROOT } from '../../scripts/local/settings.ts'
import { runWrangler } from '../../scripts/local/wrangler.ts'

const DIR = join(ROOT, 'dist/bench')

/**
 * Bundles another entry so that `npm run serve` can run it (SERVE_BUNDLE). So the same program starts every contender,
 * in the same runtime and with the same bindings.
 * @param entry path from the repository's root
 * @returns the bundle's folder
 */
export async function bundleAs(name: string, entry: string): Promise<string> {
  const product = await getBundle()
  const dir = join(DIR, `${name}-${process.pid}`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  const code = join(dir, 'code')
  await runWrangler(['deploy', entry, '--dry-run', '--outdir', code], `${entry} could not be bundled`)
  cpSync(product.freshPersistDir, join(dir, 'fresh'), { recursive: true })
  writeFileSync(join(dir, 'worker.json'), JSON.stringify({ ...product.worker, modules: modulesIn(code) }))
  return dir
}

/** The module that wrangler bundles from an entry: there is one. */
function modulesIn(code: string): Bundle['worker']['modules'] {
  const path = readdirSync(code).find((file) => file.endsWith('.js'))
  if (!path) throw new Error(`${code} contains no bundle`)
  return [{ type: 'ESModule', path }]
}
