import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../runtime/context.ts'
import { countOpenUploads, findUpload } from './store/uploads.ts'
import type { FileUploadRow } from './tables.ts'

/**
 * Fetches an upload of the caller. Administrators may fetch the uploads of other users.
 * @throws ImError 1004 when the upload does not exist, 1002 when it is another user's
 */
export async function accessUpload(ctx: CallerContext, uploadID: string): Promise<FileUploadRow> {
  const upload = await existingUpload(ctx, uploadID)
  requireSelfOrAdmin(ctx, upload.userID)
  return upload
}

/** @throws ImError 1004 when the upload does not exist */
export async function existingUpload(ctx: Context, uploadID: string): Promise<FileUploadRow> {
  const upload = await findUpload(ctx.db, uploadID)
  if (!upload) throw ImError.notFound('the upload does not exist')
  return upload
}

/** @throws ImError 1001 when the upload is complete or has expired */
export function requireOpenUpload(ctx: Context, upload: FileUploadRow): void {
  if (upload.completed) throw ImError.args('the upload is complete already')
  if (upload.expireTime < ctx.now()) throw ImError.args('the upload has expired; start a new one')
}

/** @throws ImError 429 when the caller has `maxOpenUploads` open uploads; administrators have no limit */
export async function requireUploadQuota(ctx: CallerContext): Promise<void> {
  if (ctx.caller.isAdmin) return
  const max = ctx.config.maxOpenUploads
  const open = await countOpenUploads(ctx.db, ctx.caller.userID, ctx.now())
  if (open >= max)
    throw ImError.tooManyRequests(`you have ${open} open uploads, which is the limit; complete some of them first`)
}
