import type { z } from 'zod'
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

/** As long as OpenIM's, and the longest that S3 takes. */
const ACCESS_SECONDS = 7 * 24 * 60 * 60

/**
 * The address of a file that holds for a while: the store's own where clients reach it themselves. Otherwise this service
 * signs one of its own, and so it does for pictures, which it makes smaller.
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
    const url = await ctx.files.direct.signRead(found.content.storeKey, presented(found.object), ACCESS_SECONDS)
    return { url, expireTime }
  }
  return { url: signedDownloadURL(ctx, name, query, expireTime), expireTime }
}

/** @throws ImError 1001 on a kind of reading that does not exist, 1004 when there is no such file */
export async function downloadFile(ctx: Context, request: DownloadRequest): Promise<DownloadResponse> {
  requireKnownType(request.type)
  const found = await findObject(ctx.db, request.names)
  if (!found) throw fileNotFound()
  const { object, content } = found
  if (request.type === 'image') return downloadPicture(ctx, request, content)
  const { hash, storeKey, size } = content
  return serveFile(ctx, request, { hash, storeKey, size, ...presented(object) })
}

/** How a file is offered: as a download, under its own name and type. */
function presented(object: FileObjectRow): { contentType: string; disposition: string } {
  return { contentType: mediaTypeOf(object), disposition: attachment(baseNameOf(object.name)) }
}

function requireKnownType(type: string): void {
  if (type !== '' && type !== 'image') throw ImError.args('type is image or nothing')
}

/** The name twice: in ASCII for old clients, and in full. */
function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${full}`
}
