import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Refusal } from '../local/settings.ts'
import { runWrangler } from '../local/wrangler.ts'

const MIB = 1024 * 1024
/** Cloudflare refuses a larger Worker on every plan. */
const LIMIT_BYTES = 64 * MIB
/** A Worker with a larger compressed size starts noticeably slower, and accounts with the older limit refuse it. */
const RECOMMENDED_GZIP_BYTES = 3 * MIB

export interface BundleSize {
  bytes: number
  gzipBytes: number
}

/** Bundles the Worker exactly as a deployment does, measures the bundle and deletes it. */
export async function measureBundle(): Promise<BundleSize> {
  const dir = mkdtempSync(join(tmpdir(), 'openim-edge-'))
  try {
    await runWrangler(['deploy', '--dry-run', '--outdir', dir], 'The Worker could not be bundled')
    const modules = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.map') && entry.name !== 'README.md')
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    const whole = Buffer.concat(modules)
    return { bytes: whole.length, gzipBytes: gzipSync(whole).length }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * Describes the size of a bundle, with a warning if the bundle is slow to start.
 * @throws Refusal when Cloudflare would refuse the bundle
 */
export function describeBundle({ bytes, gzipBytes }: BundleSize): string {
  const size = `Bundle: ${kib(bytes)}, ${kib(gzipBytes)} compressed`
  if (bytes > LIMIT_BYTES) throw new Refusal(`${size}. Cloudflare accepts at most ${kib(LIMIT_BYTES)}.`)
  if (gzipBytes > RECOMMENDED_GZIP_BYTES) {
    return `${size}. Cloudflare accepts it, but more than ${kib(RECOMMENDED_GZIP_BYTES)} compressed is slow to start: check which module made it larger.`
  }
  return `${size}, within Cloudflare's limit of ${kib(LIMIT_BYTES)}.`
}

function kib(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('en-US')} KiB`
}
