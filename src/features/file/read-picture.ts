import type { Context } from '../../platform/context.ts'
import type { Picture } from '../../platform/pictures.ts'
import { ImError } from '../../protocol/errors.ts'
import { mediaTypeOf, UNKNOWN_TYPE } from './media-type.ts'
import { headersOf, matches, type ReadAnswer, type ReadRequest, serve } from './serve.ts'
import { notePicture } from './store/objects.ts'
import type { FileContentRow, FileObjectRow } from './tables.ts'
import { nameOf, thumbnail, thumbnailFor } from './thumbnail.ts'

/** OpenIM's. */
const MAX_SOURCE_BYTES = 50 * 1024 * 1024
/** What Cloudflare Images takes. */
const MAX_SOURCE_SIDE = 12_000
const MAX_SOURCE_PIXELS = 100_000_000

/** Pictures that may show themselves in a page; SVG is a program. */
const SHOWABLE = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'image/heic',
  'image/heif',
])

/** A file as a picture in a page, in the size that is asked for. @throws ImError 1001 when it is none, or too large */
export async function readPicture(
  ctx: Context,
  request: ReadRequest,
  object: FileObjectRow,
  content: FileContentRow,
): Promise<ReadAnswer> {
  const declared = mediaTypeOf(object)
  if (!SHOWABLE.has(declared) && declared !== UNKNOWN_TYPE) throw notAPicture()
  if (content.size > MAX_SOURCE_BYTES) {
    throw ImError.args(`pictures of more than ${MAX_SOURCE_BYTES} bytes are not shown, only downloaded`)
  }
  try {
    const picture = await pictureIn(ctx, declared, content)
    if (!picture) throw notAPicture()
    const wanted = thumbnailFor(picture, request)
    if (!wanted) return await original(ctx, request, content, picture.type)
    requireReducible(picture)
    return (await reduced(ctx, request, content, wanted)) ?? (await original(ctx, request, content, picture.type))
  } catch (error) {
    if (error instanceof ImError || !SHOWABLE.has(declared)) throw error
    // A page with large pictures is better than one without.
    ctx.log.warn('a picture is shown as it is', { hash: content.hash, error: String(error) })
    return original(ctx, request, content, declared)
  }
}

/** What the file is, whatever it was said to be; null when it is no picture. */
async function pictureIn(ctx: Context, declared: string, content: FileContentRow): Promise<Picture | null> {
  const { hash, storeKey, size, pictureType: type, pictureWidth: width, pictureHeight: height } = content
  if (type !== null && width !== null && height !== null) return { type, width, height }
  // Images does not read these.
  if (declared === 'image/bmp') return { type: declared, width: 0, height: 0 }
  const body = await ctx.files.read(storeKey, { offset: 0, length: size })
  const picture = body && (await ctx.pictures.measure(body))
  if (picture) await notePicture(ctx.db, hash, picture)
  return picture
}

function requireReducible({ width, height }: Picture): void {
  if (width <= MAX_SOURCE_SIDE && height <= MAX_SOURCE_SIDE && width * height <= MAX_SOURCE_PIXELS) return
  throw ImError.args(`the picture has ${width}x${height} pixels, which is too large to make a smaller one of`)
}

function original(
  ctx: Context,
  request: ReadRequest,
  { hash, storeKey, size }: FileContentRow,
  contentType: string,
): Promise<ReadAnswer> {
  return serve(ctx, request, { hash, storeKey, size, contentType, disposition: 'inline' })
}

async function reduced(
  ctx: Context,
  request: ReadRequest,
  content: FileContentRow,
  wanted: Picture,
): Promise<ReadAnswer | null> {
  const etag = `"${content.hash}-${nameOf(wanted)}"`
  const headers = headersOf({ contentType: wanted.type, disposition: 'inline', etag })
  if (matches(request.ifNoneMatch, etag)) return { status: 304, headers, body: null }
  const bytes = await thumbnail(ctx, content, wanted)
  if (!bytes) return null
  headers['content-length'] = String(bytes.length)
  return { status: 200, headers, body: request.headOnly ? null : bytes }
}

function notAPicture(): ImError {
  return ImError.args('the file is not a picture')
}
