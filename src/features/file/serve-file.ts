import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { parseRange } from './parse-range.ts'
import type { DownloadPermit, ViewOptions } from './sign-download-url.ts'

/** Short, because a name can get another file. Revalidation is cheap: the ETag is the hash of the file. */
const CACHE_SECONDS = 600
/** Lifetime of a URL in the store itself: longer than CACHE_SECONDS, so that no cache redirects to an expired URL. */
const DIRECT_SECONDS = 3_600

/** The parts of a file request that determine the response. */
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

/** A stored file with the headers of its response. */
interface ServedFile {
  hash: string
  storeKey: string
  size: number
  contentType: string
  disposition: string
}

/** Answers the file or the requested range; when clients can reach the store, a redirect to the file's URL there. */
export async function serveFile(ctx: Context, request: DownloadRequest, file: ServedFile): Promise<DownloadResponse> {
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
    return { status: 302, headers: { ...cacheHeaders(ctx, request), location }, body: null }
  }

  const isSameFile = request.ifRange === undefined || request.ifRange === etag
  const requested = isSameFile ? parseRange(request.range, size) : null
  if (requested === 'unsatisfiable') return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: null }
  const range = requested ?? { offset: 0, length: size }
  const body = request.headOnly ? null : await ctx.files.read(storeKey, range)
  if (!body && !request.headOnly) throw fileNotFound()
  headers['content-length'] = String(range.length)
  if (!requested) return { status: 200, headers, body }
  headers['content-range'] = `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`
  return { status: 206, headers, body }
}

export function headersOf(
  ctx: Context,
  permit: DownloadPermit,
  file: { contentType: string; disposition: string; etag: string },
): Record<string, string> {
  return {
    ...cacheHeaders(ctx, permit),
    'content-type': file.contentType,
    'content-disposition': file.disposition,
    etag: file.etag,
    // Uploaded files must never run as a page of this origin.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  }
}

/**
 * Caches keep a response at most until its URL expires, and only the user's own cache does when files are not public.
 */
function cacheHeaders(ctx: Context, permit: DownloadPermit): Record<string, string> {
  const maxAge = `max-age=${secondsLeft(ctx, permit, CACHE_SECONDS)}`
  if (ctx.config.fileAccess === 'public') return { 'cache-control': `public, ${maxAge}` }
  return { 'cache-control': `private, ${maxAge}`, vary: 'token' }
}

function secondsLeft(ctx: Context, { until }: DownloadPermit, maxSeconds: number): number {
  return until === null ? maxSeconds : Math.min(maxSeconds, Math.floor((until - ctx.now()) / 1_000))
}

/** Whether the client's If-None-Match header contains the ETag. */
export function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

export function fileNotFound(): ImError {
  return ImError.notFound('the file does not exist')
}
