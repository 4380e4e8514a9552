import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Refusal } from '../local/settings.ts'
import { runWrangler } from '../local/wrangler.ts'

const MIB = 1024 * 1024
/** Cloudflare refuses a Worker larger than this, on every plan. */
const LIMIT_BYTES = 64 * MIB
/** Above this, compressed, a Worker starts noticeably slower, and accounts with the older limit refuse it. */
const COMFORTABLE_GZIP_BYTES = 3 * MIB

export interface BundleSize {
  bytes: number
  gzipBytes: number
}

/** Bundles the Worker exactly as a deployment does, and throws the bundle away. */
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

/** What to say about a bundle of this size; a Refusal when Cloudflare would not take it. */
export function judgeBundle({ bytes, gzipBytes }: BundleSize): string {
  const size = `Bundle: ${kib(bytes)}, ${kib(gzipBytes)} compressed`
  if (bytes > LIMIT_BYTES) throw new Refusal(`${size}. Cloudflare takes at most ${kib(LIMIT_BYTES)}.`)
  if (gzipBytes > COMFORTABLE_GZIP_BYTES) {
    return `${size}. That is allowed, but more than ${kib(COMFORTABLE_GZIP_BYTES)} compressed is slow to start: see what came in.`
  }
  return `${size}, within Cloudflare's limit of ${kib(LIMIT_BYTES)}.`
}

function kib(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('en-US')} KiB`
}
