import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { existingUpload, requireOpenUpload } from './access.ts'
import { hashOfParts, PartHasher } from './file-hash.ts'
import { type PartGrant, requireGrant } from './sign-upload-url.ts'
import { addPart, findParts, replacePart } from './store/uploads.ts'
import { newStoreKey, storeKeyOf } from './store-keys.ts'
import type { FileUploadRow } from './tables.ts'

/** A request body that is not read yet. */
export interface IncomingBody {
  body: ReadableStream<Uint8Array> | null
  /** The Content-Length header; null when it is absent. */
  length: number | null
}

/**
 * Receives a part at its signed URL and streams it into the store.
 * @throws ImError 1001 when the body has another size or hash, 1002 when the URL is not valid, 1004 when the upload
 *   does not exist
 */
export async function receivePart(
  ctx: Context,
  grant: PartGrant,
  signature: string,
  { body, length }: IncomingBody,
): Promise<void> {
  requireGrant(ctx, grant, signature)
  const { uploadID, partNumber, size } = grant
  if (!body || (length !== null && length !== size)) {
    throw ImError.args(`part ${partNumber} must have ${size} bytes, not ${length ?? 0}`)
  }
  const upload = await existingUpload(ctx, uploadID)
  requireOpenUpload(ctx, upload)
  if (upload.storeUploadID === '') await receiveWhole(ctx, upload, body)
  else await receiveOnePart(ctx, upload, partNumber, size, body)
}

async function receiveOnePart(
  ctx: Context,
  { uploadID, storeUploadID }: FileUploadRow,
  partNumber: number,
  size: number,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const hasher = new PartHasher(size)
  const tag = await ctx.files.putPart(storeKeyOf(uploadID), storeUploadID, partNumber, hasher.tap(body), size)
  const [md5 = ''] = hasher.finish()
  if (!(await replacePart(ctx.db, { uploadID, partNumber, tag, md5 })))
    throw ImError.args('the upload is complete already')
}

/** Receives a file of one part. Its hash is checked at once, because the hash follows from the MD5 of its only part. */
async function receiveWhole(ctx: Context, upload: FileUploadRow, body: ReadableStream<Uint8Array>): Promise<void> {
  await storeWholeFile(ctx, upload, async (key) => {
    const md5 = await ctx.files.put(key, body, upload.size, upload.contentType)
    if (hashOfParts([md5]) !== upload.hash) throw ImError.args('the bytes do not match the announced hash')
    return md5
  })
}

/**
 * Stores a file that arrives in one request. The first content that arrives stays, because it may already be in use: a
 * repeated upload with the same content is accepted, and an upload with other content is refused.
 * @param put stores the file under a new store key and returns a hash that identifies the content
 */
export async function storeWholeFile(
  ctx: Context,
  { uploadID }: FileUploadRow,
  put: (key: string) => Promise<string>,
): Promise<void> {
  const key = newStoreKey(uploadID)
  let isStored = false
  try {
    const md5 = await put(key)
    isStored = await addPart(ctx.db, { uploadID, partNumber: 1, tag: key, md5 })
    if (isStored) return
    const [first] = await findParts(ctx.db, uploadID)
    if (!first) throw ImError.args('the upload is complete already')
    if (first.md5 !== md5) throw ImError.args('another file has been uploaded to this URL already')
  } finally {
    if (!isStored) await ctx.files.delete([key])
  }
}
