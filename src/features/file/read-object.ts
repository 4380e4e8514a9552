import { getMimeType } from 'hono/utils/mime'
import type { z } from 'zod'
import type { CallerContext, Context } from '../../platform/context.ts'
import { ImError } from '../../protocol/errors.ts'
import { baseNameOf, namesIn, urlOf } from './name.ts'
import { parseRange } from './range.ts'
import type { AccessURLReq } from './schema.ts'
import { findObject } from './store/objects.ts'
import type { FileObjectRow } from './tables.ts'

const ACCESS_LIFE_MS = 7 * 24 * 60 * 60 * 1000
/** A name may get another file, so caches ask again soon; it costs them little, as the hash is the ETag. */
const CACHE_SECONDS = 600
const UNKNOWN_TYPE = 'application/octet-stream'
/** Pictures that may show themselves in a page; SVG is a program. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])

/** Of a request for a file, what counts. */
export interface ReadRequest {
  /** Behind `/object/`, as it stands in the address. */
  path: string
  type: string
  headOnly: boolean
  range: string | undefined
  ifRange: string | undefined
  ifNoneMatch: string | undefined
}

export interface ReadAnswer {
  status: 200 | 206 | 304 | 416
  headers: Record<string, string>
  body: ReadableStream<Uint8Array> | null
}

/** The address of a file. Reading needs no token, so it is the plain one; the time is that after which to ask again. */
export async function accessURL(
  ctx: CallerContext,
  { name, query }: z.output<typeof AccessURLReq>,
): Promise<{ url: string; expireTime: number }> {
  requireKnownType(query.type ?? '')
  if (!(await findObject(ctx.db, [name]))) throw noSuchFile()
  const search = new URLSearchParams(query).toString()
  const url = urlOf(ctx, name)
  return { url: search === '' ? url : `${url}?${search}`, expireTime: ctx.now() + ACCESS_LIFE_MS }
}

/** @throws ImError 1001 on a kind of reading that does not exist, 1004 when there is no such file */
export async function readObject(ctx: Context, request: ReadRequest): Promise<ReadAnswer> {
  requireKnownType(request.type)
  const found = await findObject(ctx.db, namesIn(request.path))
  if (!found) throw noSuchFile()
  const { object, content } = found
  const asPicture = request.type === 'image'
  const contentType = contentTypeOf(object)
  if (asPicture && !PICTURES.has(contentType)) throw ImError.args('the file is not a picture')

  const etag = `"${content.hash}"`
  const headers: Record<string, string> = {
    'content-type': contentType,
    'content-disposition': asPicture ? 'inline' : attachment(baseNameOf(object.name)),
    'cache-control': `public, max-age=${CACHE_SECONDS}`,
    'accept-ranges': 'bytes',
    etag,
    // What users upload must never run as a page of this origin.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  }
  if (matches(request.ifNoneMatch, etag)) return { status: 304, headers, body: null }

  const isSameFile = request.ifRange === undefined || request.ifRange === etag
  const asked = isSameFile ? parseRange(request.range, content.size) : null
  if (asked === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${content.size}` }, body: null }
  }
  const range = asked ?? { offset: 0, length: content.size }
  const body = request.headOnly ? null : await ctx.files.read(content.storeKey, range)
  if (!body && !request.headOnly) throw noSuchFile()
  headers['content-length'] = String(range.length)
  if (!asked) return { status: 200, headers, body }
  headers['content-range'] = `bytes ${range.offset}-${range.offset + range.length - 1}/${content.size}`
  return { status: 206, headers, body }
}

function requireKnownType(type: string): void {
  if (type !== '' && type !== 'image') throw ImError.args('type is image or nothing')
}

function noSuchFile(): ImError {
  return ImError.notFound('there is no such file')
}

/** Some clients give an extension, or nothing, as the type. */
function contentTypeOf({ contentType, name }: FileObjectRow): string {
  const given = contentType.trim().toLowerCase()
  if (/^[\w.+-]+\/[\w.+-]+(; *charset=[\w-]+)?$/.test(given)) return given
  return getMimeType(name) ?? getMimeType(`.${given}`) ?? UNKNOWN_TYPE
}

/** The name twice: in ASCII for old clients, and in full. */
function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${full}`
}

function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
