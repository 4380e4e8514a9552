import type { z } from 'zod'
import { DAY_MS } from '../../platform/durations.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { messageID } from '../../runtime/ids.ts'
import { requireUploadQuota } from './access.ts'
import { fileURL, requireName } from './file-name.ts'
import { partCountOf, partSizeOf, requireFileSize } from './part-sizes.ts'
import { requireAllowed } from './require-allowed.ts'
import type { InitiatedUpload, InitiateMultipartUploadReq } from './schema.ts'
import { signParts } from './sign-upload-url.ts'
import { findContent, nameKnownContent } from './store/objects.ts'
import { insertUpload } from './store/uploads.ts'
import { storeKeyOf } from './store-keys.ts'

/** OpenIM's lifetime of an upload. R2 deletes the parts of an incomplete file after the same time. */
const UPLOAD_LIFETIME_MS = 7 * DAY_MS

/** Starts an upload. When the content is stored already, names the file instead and answers `upload: null`. */
export async function initiateMultipartUpload(
  ctx: CallerContext,
  { hash, size, maxParts, cause, name, contentType }: z.output<typeof InitiateMultipartUploadReq>,
): Promise<InitiatedUpload> {
  requireName(ctx, name)
  requireFileSize(ctx, size)
  requireAllowed(ctx, { name, contentType, cause, size })
  const { userID } = ctx.caller
  const stored = await findContent(ctx.db, hash)
  if (stored) {
    if (stored.size !== size) throw ImError.args(`the file with this hash has another size than ${size} bytes`)
    const object = { name, userID, hash, contentType, cause, createTime: ctx.now() }
    if (await nameKnownContent(ctx.db, object)) return { url: fileURL(ctx, name), upload: null }
  }
  await requireUploadQuota(ctx)

  const uploadID = messageID()
  const partSize = partSizeOf(size)
  const expireTime = ctx.now() + UPLOAD_LIFETIME_MS
  const count = partCountOf({ size, partSize })
  // A file of one part is stored in one operation, which costs a third of a multipart upload. When clients upload to
  // the store directly, it is a multipart upload all the same: joining the parts invalidates the signed URLs of the
  // parts.
  const inParts = count > 1 || ctx.files.direct !== null
  const storeUploadID = inParts ? await ctx.files.beginParts(storeKeyOf(uploadID), contentType) : ''
  const upload = { uploadID, userID, hash, size, partSize, contentType, storeUploadID, expireTime, completed: false }
  await insertUpload(ctx.db, upload)

  const signed = maxParts < 0 || count === 1 ? count : Math.min(maxParts, count)
  const partNumbers = Array.from({ length: signed }, (_, i) => i + 1)
  return { url: '', upload: { uploadID, partSize, expireTime, sign: await signParts(ctx, upload, partNumbers) } }
}
