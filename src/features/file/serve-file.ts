import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { parseRange } from './parse-range.ts'
import type { DownloadPermit, ViewOptions } from './sign-download-url.ts'

/** A name may get another file, so caches ask again soon; it costs them little, as the hash is the ETag. */
const CACHE_SECONDS = 600
/** How long the address of a file in the store itself holds: longer than any cache remembers it. */
const DIRECT_SECONDS = 3_600

/** Of a request for a file, what counts. */
export interface DownloadRequest extends DownloadPermit, ViewOptions {
  headOnly: boolean
  range: string | undefined
  ifRange: string | undefined
  ifNoneMatch: string | undefined
}

export interface DownloadResponse {
  status: 200 | 206 | 302 | 304 | 416
  headers: Record<string, string>
  body: ReadableStream<Uint8Array> | Uint8Array | null
}

/** A stored file and how it is to be presented. */
interface Presented {
  hash: string
  storeKey: string
  size: number
  contentType: string
  disposition: string
}

/** Answers the file, or the stretch of it that is asked for; where clients reach the store themselves, its address. */
export async function serveFile(ctx: Context, request: DownloadRequest, file: Presented): Promise<DownloadResponse> {
  const { hash, storeKey, size } = file
  const etag = `"${hash}"`
  const headers: Record<string, string> = { ...headersOf(ctx, request, { ...file, etag }), 'accept-ranges': 'bytes' }
  if (matches(request.ifNoneMatch, etag)) return { status: 304, headers, body: null }
  if (ctx.files.direct && !request.headOnly) {
    const location = await ctx.files.direct.signRead(
      storeKey,
      file,
      Math.max(1, secondsLeft(ctx, request, DIRECT_SECONDS)),
    )
    return { status: 302, headers: { ...cachingOf(ctx, request), location }, body: null }
  }

  const isSameFile = request.ifRange === undefined || request.ifRange === etag
  const asked = isSameFile ? parseRange(request.range, size) : null
  if (asked === 'unsatisfiable') return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: null }
  const range = asked ?? { offset: 0, length: size }
  const body = request.headOnly ? null : await ctx.files.read(storeKey, range)
  if (!body && !request.headOnly) throw fileNotFound()
  headers['content-length'] = String(range.length)
  if (!asked) return { status: 200, headers, body }
  headers['content-range'] = `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`
  return { status: 206, headers, body }
}

export function headersOf(
  ctx: Context,
  permit: DownloadPermit,
  file: { contentType: string; disposition: string; etag: string },
): Record<string, string> {
  return {
    ...cachingOf(ctx, permit),
    'content-type': file.contentType,
    'content-disposition': file.disposition,
    etag: file.etag,
    // What users upload must never run as a page of this origin.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  }
}

/** A cache remembers no longer than the address holds, and for nobody else where files are not public. */
function cachingOf(ctx: Context, permit: DownloadPermit): Record<string, string> {
  const maxAge = `max-age=${secondsLeft(ctx, permit, CACHE_SECONDS)}`
  if (ctx.config.fileAccess === 'public') return { 'cache-control': `public, ${maxAge}` }
  return { 'cache-control': `private, ${maxAge}`, vary: 'token' }
}

function secondsLeft(ctx: Context, { until }: DownloadPermit, most: number): number {
  return until === null ? most : Math.min(most, Math.floor((until - ctx.now()) / 1_000))
}

/** Whether a cache has it already, by its If-None-Match. */
export function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

export function fileNotFound(): ImError {
  return ImError.notFound('there is no such file')
}
