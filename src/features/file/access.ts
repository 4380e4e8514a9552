import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../runtime/context.ts'
import { countOpenUploads, findUpload } from './store/uploads.ts'
import type { FileUploadRow } from './tables.ts'

/** An upload of the caller's own. @throws ImError 1004 when there is none, 1002 when it is somebody else's */
export async function accessUpload(ctx: CallerContext, uploadID: string): Promise<FileUploadRow> {
  const upload = await existingUpload(ctx, uploadID)
  requireSelfOrAdmin(ctx, upload.userID)
  return upload
}

/** @throws ImError 1004 */
export async function existingUpload(ctx: Context, uploadID: string): Promise<FileUploadRow> {
  const upload = await findUpload(ctx.db, uploadID)
  if (!upload) throw ImError.notFound('there is no such upload')
  return upload
}

/** @throws ImError 1001 when it is finished or too old */
export function requireOpenUpload(ctx: Context, upload: FileUploadRow): void {
  if (upload.completed) throw ImError.args('the upload is complete')
  if (upload.expireTime < ctx.now()) throw ImError.args('the upload has expired; begin it again')
}

/** @throws ImError 429 when the caller has as many uploads under way as anybody may have; administrators may have more */
export async function requireUploadQuota(ctx: CallerContext): Promise<void> {
  if (ctx.caller.isAdmin) return
  const max = ctx.config.maxOpenUploads
  const open = await countOpenUploads(ctx.db, ctx.caller.userID, ctx.now())
  if (open >= max) throw ImError.tooManyRequests(`${open} uploads of yours are under way already; complete some first`)
}
