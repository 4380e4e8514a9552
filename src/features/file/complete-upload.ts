import type { z } from 'zod'
import type { CallerContext } from '../../platform/context.ts'
import { ImError } from '../../protocol/errors.ts'
import { accessUpload, requireOpen } from './access.ts'
import { hashOfParts } from './hash.ts'
import { keyOf } from './keys.ts'
import { requireName, urlOf } from './name.ts'
import { partCountOf } from './parts.ts'
import type { CompleteMultipartUploadReq } from './schema.ts'
import { findContent } from './store/objects.ts'
import { findParts, finishUpload } from './store/uploads.ts'
import type { FileObjectRow, FilePartRow, FileUploadRow } from './tables.ts'

/** Makes a file of the parts, under its name. To complete an upload again is no fault. */
export async function completeMultipartUpload(
  ctx: CallerContext,
  { uploadID, parts: claimed, name, contentType, cause }: z.output<typeof CompleteMultipartUploadReq>,
): Promise<{ url: string }> {
  requireName(ctx, name)
  const upload = await accessUpload(ctx, uploadID)
  const { hash } = upload
  if (hashOfParts(claimed) !== hash) throw ImError.args('the MD5s of the parts do not make up the hash of the file')
  const object = { name, userID: ctx.caller.userID, hash, contentType, cause, createTime: ctx.now() }
  return finish(ctx, upload, object, (parts) => requireEveryPart(upload, parts, claimed))
}

/**
 * Ends an upload: joins its parts unless the content is there by now, names the file, and lets go of what is not kept.
 * @param check throws when what has arrived is not the file
 */
export async function finish(
  ctx: CallerContext,
  upload: FileUploadRow,
  object: FileObjectRow,
  check: (parts: readonly FilePartRow[]) => void,
): Promise<{ url: string }> {
  const { hash } = object
  const parts = await findParts(ctx.db, upload.uploadID)
  let content = await findContent(ctx.db, hash)
  if (!content) {
    // Whoever completed it meanwhile stored the content first.
    requireOpen(ctx, upload)
    check(parts)
    const storeKey = await join(ctx, upload, parts)
    content = { hash, storeKey, size: upload.size, createTime: ctx.now() }
  }
  const keptKey = await finishUpload(ctx.db, upload, content, object)
  if (!upload.completed) ctx.afterReply(() => discardUnlessKept(ctx, upload, parts, keptKey))
  return { url: urlOf(ctx, object.name) }
}

function requireEveryPart(upload: FileUploadRow, parts: readonly FilePartRow[], claimed: readonly string[]): void {
  const count = partCountOf(upload)
  if (claimed.length !== count) throw ImError.args(`the file has ${count} parts, not ${claimed.length}`)
  const arrived = new Map(parts.map(({ partNumber, md5 }) => [partNumber, md5]))
  for (const [i, md5] of claimed.entries()) {
    const partNumber = i + 1
    if (!arrived.has(partNumber)) throw ImError.args(`part ${partNumber} of ${count} has not been uploaded`)
    if (arrived.get(partNumber) !== md5) throw ImError.args(`part ${partNumber} arrived with another MD5`)
  }
}

async function join(ctx: CallerContext, upload: FileUploadRow, parts: readonly FilePartRow[]): Promise<string> {
  const [whole] = parts
  if (upload.storeUploadID === '' && whole) return whole.tag
  const key = keyOf(upload.uploadID)
  await ctx.files.joinParts(key, upload.storeUploadID, parts)
  return key
}

/** The same content came by another way and was first: what this upload brought is not needed. */
async function discardUnlessKept(
  ctx: CallerContext,
  { uploadID, storeUploadID }: FileUploadRow,
  parts: readonly FilePartRow[],
  keptKey: string,
): Promise<void> {
  const key = storeUploadID === '' ? parts[0]?.tag : keyOf(uploadID)
  if (key === undefined || key === keptKey) return
  if (storeUploadID !== '') await ctx.files.abandonParts(key, storeUploadID).catch(() => undefined)
  await ctx.files.delete(key)
}
