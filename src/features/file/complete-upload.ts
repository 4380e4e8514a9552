import type { z } from 'zod'
import type { DirectStore } from '../../platform/storage/file-store.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { accessUpload, requireOpenUpload } from './access.ts'
import { requireEveryPart, requireEveryStoredPart, tagOfJoinedFile } from './check-parts.ts'
import { hashOfParts } from './file-hash.ts'
import { fileURL, requireName } from './file-name.ts'
import { requireAllowed } from './require-allowed.ts'
import type { CompleteMultipartUploadReq } from './schema.ts'
import { findContent } from './store/objects.ts'
import { findParts, finishKnownUpload, finishUpload } from './store/uploads.ts'
import { storeKeyOf } from './store-keys.ts'
import type { FileObjectRow, FilePartRow, FileUploadRow } from './tables.ts'

/** Joins the parts to a file and names it. Completing an upload again succeeds. */
export async function completeMultipartUpload(
  ctx: CallerContext,
  { uploadID, parts: claimed, name, contentType, cause }: z.output<typeof CompleteMultipartUploadReq>,
): Promise<{ url: string }> {
  requireName(ctx, name)
  const upload = await accessUpload(ctx, uploadID)
  const { hash, size } = upload
  requireAllowed(ctx, { name, contentType, cause, size })
  if (hashOfParts(claimed) !== hash) throw ImError.args('the MD5s of the parts do not match the hash of the file')
  const object = { name, userID: ctx.caller.userID, hash, contentType, cause, createTime: ctx.now() }
  return completeUpload(ctx, upload, object, (parts) => join(ctx, upload, parts, claimed))
}

/**
 * Completes an upload: stores its content unless the same content is stored already, names the file, and deletes the
 * uploaded bytes that are not needed.
 * @param store checks the uploaded parts, joins them to one file and returns the file's store key
 */
export async function completeUpload(
  ctx: CallerContext,
  upload: FileUploadRow,
  object: FileObjectRow,
  store: (parts: readonly FilePartRow[]) => Promise<string>,
): Promise<{ url: string }> {
  const { hash } = object
  const parts = await findParts(ctx.db, upload.uploadID)
  const known = await findContent(ctx.db, hash)
  let contentKey = known?.storeKey
  // The known content can be cleaned up before it gets the name; then the uploaded parts are stored.
  if (contentKey === undefined || !(await finishKnownUpload(ctx.db, upload, object))) {
    // A completed upload has no parts any more, so its content cannot be stored again.
    requireOpenUpload(ctx, upload)
    const content = { hash, storeKey: await store(parts), size: upload.size, createTime: ctx.now() }
    contentKey = await finishUpload(ctx.db, upload, content, object)
  }
  const usedKey = contentKey
  if (!upload.completed) ctx.afterReply(() => discardUnlessUsed(ctx, upload, parts, usedKey))
  return { url: fileURL(ctx, object.name) }
}

async function join(
  ctx: CallerContext,
  upload: FileUploadRow,
  parts: readonly FilePartRow[],
  claimed: readonly string[],
): Promise<string> {
  const { direct } = ctx.files
  if (direct) return joinStored(ctx, direct, upload, claimed)
  requireEveryPart(upload, parts, claimed)
  const [whole] = parts
  if (upload.storeUploadID === '' && whole) return whole.tag
  const key = storeKeyOf(upload.uploadID)
  await ctx.files.joinParts(key, upload.storeUploadID, parts)
  return key
}

/**
 * Joins parts that the client uploaded to the store directly. The store's tags are checked, because the bytes did not
 * pass here.
 */
async function joinStored(
  ctx: CallerContext,
  direct: DirectStore,
  upload: FileUploadRow,
  claimed: readonly string[],
): Promise<string> {
  const key = storeKeyOf(upload.uploadID)
  const parts = await direct.listParts(key, upload.storeUploadID)
  if (parts) requireEveryStoredPart(upload, parts, claimed)
  // When there are no parts, an earlier attempt has joined them.
  const tag = parts ? await ctx.files.joinParts(key, upload.storeUploadID, parts) : await direct.tagOf(key)
  if (tag === tagOfJoinedFile(claimed)) return key
  await ctx.files.delete([key])
  throw ImError.args('the stored bytes do not match the given MD5s; start the upload again')
}

/** Deletes the uploaded bytes when the same content was stored before, under another key. */
async function discardUnlessUsed(
  ctx: CallerContext,
  { uploadID, storeUploadID }: FileUploadRow,
  parts: readonly FilePartRow[],
  usedKey: string,
): Promise<void> {
  const key = storeUploadID === '' ? parts[0]?.tag : storeKeyOf(uploadID)
  if (key === undefined || key === usedKey) return
  if (storeUploadID !== '') await ctx.files.abandonParts(key, storeUploadID)
  await ctx.files.delete([key])
}
