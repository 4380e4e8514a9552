import type { z } from 'zod'
import { DAY_SECONDS } from '../../platform/durations.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { downloadPicture } from './download-picture.ts'
import { baseNameOf } from './file-name.ts'
import { mediaTypeOf } from './media-type.ts'
import type { AccessURLReq } from './schema.ts'
import { type DownloadRequest, type DownloadResponse, fileNotFound, serveFile } from './serve-file.ts'
import { signedDownloadURL } from './sign-download-url.ts'
import { findObject } from './store/objects.ts'
import type { FileObjectRow } from './tables.ts'

/** OpenIM's lifetime of a download URL, and the longest that S3 allows. */
const ACCESS_SECONDS = 7 * DAY_SECONDS

/**
 * Answers a signed URL of a file with an expiry. When clients can reach the store, the URL is the store's own.
 * Otherwise, and for pictures, which this service resizes, the URL is this service's.
 */
export async function accessURL(
  ctx: CallerContext,
  { name, query }: z.output<typeof AccessURLReq>,
): Promise<{ url: string; expireTime: number }> {
  requireKnownType(query.type ?? '')
  const found = await findObject(ctx.db, [name])
  if (!found) throw fileNotFound()
  const expireTime = ctx.now() + ACCESS_SECONDS * 1000
  if (ctx.files.direct && query.type !== 'image') {
    const url = await ctx.files.direct.signRead(found.content.storeKey, downloadHeaders(found.object), ACCESS_SECONDS)
    return { url, expireTime }
  }
  return { url: signedDownloadURL(ctx, name, query, expireTime), expireTime }
}

/** @throws ImError 1001 when `type` is not known, 1004 when the file does not exist */
export async function downloadFile(ctx: Context, request: DownloadRequest): Promise<DownloadResponse> {
  requireKnownType(request.type)
  const found = await findObject(ctx.db, request.names)
  if (!found) throw fileNotFound()
  const { object, content } = found
  if (request.type === 'image') return downloadPicture(ctx, request, content)
  const { hash, storeKey, size } = content
  return serveFile(ctx, request, { hash, storeKey, size, ...downloadHeaders(object) })
}

/** The headers of a download: the file's media type, and a disposition with its name. */
function downloadHeaders(object: FileObjectRow): { contentType: string; disposition: string } {
  return { contentType: mediaTypeOf(object), disposition: attachment(baseNameOf(object.name)) }
}

function requireKnownType(type: string): void {
  if (type !== '' && type !== 'image') throw ImError.args('type must be image or empty')
}

/** The disposition holds the name twice: in ASCII for old clients, and in full. */
function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${full}`
}
