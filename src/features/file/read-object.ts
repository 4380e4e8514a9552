import type { z } from 'zod'
import type { CallerContext, Context } from '../../platform/context.ts'
import { ImError } from '../../protocol/errors.ts'
import { mediaTypeOf } from './media-type.ts'
import { baseNameOf, namesIn, urlOf } from './name.ts'
import { readPicture } from './read-picture.ts'
import type { AccessURLReq } from './schema.ts'
import { noSuchFile, type ReadAnswer, type ReadRequest, serve } from './serve.ts'
import { findObject } from './store/objects.ts'

const ACCESS_LIFE_MS = 7 * 24 * 60 * 60 * 1000

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
  if (request.type === 'image') return readPicture(ctx, request, content)
  const { hash, storeKey, size } = content
  const disposition = attachment(baseNameOf(object.name))
  return serve(ctx, request, { hash, storeKey, size, contentType: mediaTypeOf(object), disposition })
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
