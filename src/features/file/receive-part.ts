import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { existingUpload, requireOpenUpload } from './access.ts'
import { hashOfParts, PartHasher } from './file-hash.ts'
import { type PartGrant, requireGrant } from './sign-upload-url.ts'
import { addPart, findParts, replacePart } from './store/uploads.ts'
import { newStoreKey, storeKeyOf } from './store-keys.ts'
import type { FileUploadRow } from './tables.ts'

/** A body as it comes from the client. */
export interface IncomingBody {
  body: ReadableStream<Uint8Array> | null
  /** What the header says; null when it says nothing. */
  length: number | null
}

/**
 * Takes a part at its signed address, straight into the store.
 * @throws ImError 1001 on a body of another size or content, 1002 without permission, 1004 when there is no upload
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
    throw ImError.args(`part ${partNumber} has ${size} bytes, not ${length ?? 0}`)
  }
  const upload = await existingUpload(ctx, uploadID)
  requireOpenUpload(ctx, upload)
  if (upload.storeUploadID === '') await receiveWhole(ctx, upload, body)
  else await receiveOneOfMany(ctx, upload, partNumber, size, body)
}

async function receiveOneOfMany(
  ctx: Context,
  { uploadID, storeUploadID }: FileUploadRow,
  partNumber: number,
  size: number,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const hasher = new PartHasher(size)
  const tag = await ctx.files.putPart(storeKeyOf(uploadID), storeUploadID, partNumber, hasher.tap(body), size)
  const [md5 = ''] = hasher.finish()
  if (!(await replacePart(ctx.db, { uploadID, partNumber, tag, md5 }))) throw ImError.args('the upload is complete')
}

/** A file of one part can be checked at once, for its hash is that of its only part. */
async function receiveWhole(ctx: Context, upload: FileUploadRow, body: ReadableStream<Uint8Array>): Promise<void> {
  await storeWholeFile(ctx, upload, async (key) => {
    const md5 = await ctx.files.put(key, body, upload.size, upload.contentType)
    if (hashOfParts([md5]) !== upload.hash) throw ImError.args('the bytes are not those whose hash was announced')
    return md5
  })
}

/**
 * Keeps a file that comes as a whole. What came first stays, as it may be in use by now: the same again is no fault,
 * and something else is refused.
 * @param put stores it under the key and tells what identifies it
 */
export async function storeWholeFile(
  ctx: Context,
  { uploadID }: FileUploadRow,
  put: (key: string) => Promise<string>,
): Promise<void> {
  const key = newStoreKey(uploadID)
  let isKept = false
  try {
    const md5 = await put(key)
    isKept = await addPart(ctx.db, { uploadID, partNumber: 1, tag: key, md5 })
    if (isKept) return
    const [first] = await findParts(ctx.db, uploadID)
    if (!first) throw ImError.args('the upload is complete')
    if (first.md5 !== md5) throw ImError.args('another file has been uploaded here')
  } finally {
    if (!isKept) await ctx.files.delete([key])
  }
}
