import { reasonOf } from '../../platform/observability/log.ts'
import type { ImageInfo } from '../../platform/storage/images.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { detectPictureType, HEAD_BYTES } from './detect-picture-type.ts'
import {
  type DownloadRequest,
  type DownloadResponse,
  fileNotFound,
  headersOf,
  matches,
  serveFile,
} from './serve-file.ts'
import { savePictureInfo } from './store/objects.ts'
import type { FileContentRow } from './tables.ts'
import { thumbnail, thumbnailFor, thumbnailName } from './thumbnail.ts'

/** Stored as the media type when the content is not a picture. */
const NO_PICTURE = ''

/** OpenIM's limit. */
const MAX_SOURCE_BYTES = 50 * 1024 * 1024
/** The limits of Cloudflare Images. */
const MAX_SOURCE_SIDE = 12_000
const MAX_SOURCE_PIXELS = 100_000_000

/**
 * Answers a picture for display in a page, resized when the request gives a size.
 * @throws ImError 1001 when the file is not a picture, or is too large
 */
export async function downloadPicture(
  ctx: Context,
  request: DownloadRequest,
  content: FileContentRow,
): Promise<DownloadResponse> {
  const { hash, storeKey, size } = content
  if (size > MAX_SOURCE_BYTES) {
    throw ImError.args(`a picture of more than ${MAX_SOURCE_BYTES} bytes can only be downloaded as a file`)
  }
  const picture = knownInfo(content) ?? (await inspect(ctx, content))
  if (picture.type === NO_PICTURE) throw ImError.args('the file is not a picture')
  const wanted = thumbnailFor(picture, request)
  if (wanted) {
    requireResizable(picture)
    const answer = await thumbnailResponse(ctx, request, content, wanted)
    if (answer) return answer
  }
  return serveFile(ctx, request, { hash, storeKey, size, contentType: picture.type, disposition: 'inline' })
}

function knownInfo({
  pictureType: type,
  pictureWidth: width,
  pictureHeight: height,
}: FileContentRow): ImageInfo | null {
  return type === null || width === null || height === null ? null : { type, width, height }
}

/** Reads the type and size of a picture for the first time and stores them, because each measurement costs money. */
async function inspect(ctx: Context, content: FileContentRow): Promise<ImageInfo> {
  const { hash, storeKey, size } = content
  const head = await ctx.files.read(storeKey, { offset: 0, length: Math.min(HEAD_BYTES, size) })
  if (!head) throw fileNotFound()
  const type = detectPictureType(new Uint8Array(await new Response(head).arrayBuffer()))
  const unmeasured: ImageInfo = { type: type ?? NO_PICTURE, width: 0, height: 0 }
  try {
    const body = type === null ? null : await ctx.files.read(storeKey, { offset: 0, length: size })
    // A picture that cannot be measured is still shown, in its original size.
    const picture = (body && (await ctx.images.measure(body))) ?? unmeasured
    await savePictureInfo(ctx.db, hash, picture)
    return picture
  } catch (error) {
    ctx.log.warn('picture measurement failed', { hash, error: reasonOf(error) })
    return unmeasured
  }
}

function requireResizable({ width, height }: ImageInfo): void {
  if (width <= MAX_SOURCE_SIDE && height <= MAX_SOURCE_SIDE && width * height <= MAX_SOURCE_PIXELS) return
  throw ImError.args(`the picture has ${width}x${height} pixels, which is too large to resize`)
}

/** Null when the thumbnail cannot be made; the caller then answers the original picture. */
async function thumbnailResponse(
  ctx: Context,
  request: DownloadRequest,
  content: FileContentRow,
  wanted: ImageInfo,
): Promise<DownloadResponse | null> {
  const etag = `"${content.hash}-${thumbnailName(wanted)}"`
  const headers = headersOf(ctx, request, { contentType: wanted.type, disposition: 'inline', etag })
  if (matches(request.ifNoneMatch, etag)) return { status: 304, headers, body: null }
  const bytes = await thumbnail(ctx, content, wanted).catch((error: unknown) => {
    ctx.log.warn('thumbnail creation failed', { hash: content.hash, error: reasonOf(error) })
    return null
  })
  if (!bytes) return null
  headers['content-length'] = String(bytes.length)
  return { status: 200, headers, body: request.headOnly ? null : bytes }
}
