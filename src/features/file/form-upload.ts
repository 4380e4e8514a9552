import { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { messageID } from '../../runtime/ids.ts'
import { accessUpload, existingUpload, requireOpenUpload, requireUploadQuota } from './access.ts'
import { completeUpload } from './complete-upload.ts'
import { hashOfParts, PartHasher } from './file-hash.ts'
import { requireName } from './file-name.ts'
import { FILE_FIELD, fileInForm } from './parse-form.ts'
import { MAX_PART_SIZE, partSizeOf, requireFileSize } from './part-sizes.ts'
import { type IncomingBody, storeWholeFile } from './receive-part.ts'
import { requireAllowed } from './require-allowed.ts'
import type { CompleteFormDataReq, InitiatedForm, InitiateFormDataReq } from './schema.ts'
import { type PartGrant, requireGrant, signForm } from './sign-upload-url.ts'
import { findParts, insertUpload } from './store/uploads.ts'

/** OpenIM's; administrators may choose their own, within reason. */
const FORM_LIFE_MS = 10 * 60 * 1000
const MAX_FORM_LIFE_MS = 7 * 24 * 60 * 60 * 1000

/**
 * What the second call has to know of the first. The client carries it, and could write it itself: whatever it says is
 * checked again, and the upload it names is the caller's own.
 */
const FormID = z.object({ uploadID: z.string(), name: z.string(), contentType: z.string(), group: z.string() })

/** Opens an upload by a form, for pages and backends without an SDK. */
export async function initiateFormData(
  ctx: CallerContext,
  { name, size, contentType, group, millisecond, absolute }: z.output<typeof InitiateFormDataReq>,
): Promise<InitiatedForm> {
  requireName(ctx, name)
  // Where a file is stored is this service's business alone; who may ask is OpenIM's rule.
  if (absolute && !ctx.caller.isAdmin) throw ImError.noPermission('only an administrator may set `absolute`')
  requireFileSize(ctx, size)
  if (size > MAX_PART_SIZE) throw ImError.args(`a form takes at most ${MAX_PART_SIZE} bytes`)
  requireAllowed(ctx, { name, contentType, cause: group, size })
  await requireUploadQuota(ctx)
  const uploadID = messageID()
  const life = ctx.caller.isAdmin && millisecond > 0 ? Math.min(millisecond, MAX_FORM_LIFE_MS) : FORM_LIFE_MS
  const upload = {
    uploadID,
    userID: ctx.caller.userID,
    hash: '',
    size,
    partSize: partSizeOf(size),
    contentType,
    storeUploadID: '',
    expireTime: ctx.now() + life,
    completed: false,
  }
  await insertUpload(ctx.db, upload)
  const id: z.output<typeof FormID> = { uploadID, name, contentType, group }
  return {
    id: Buffer.from(JSON.stringify(id)).toString('base64url'),
    url: signForm(ctx, upload),
    file: FILE_FIELD,
    header: null,
    formData: {},
    expires: upload.expireTime,
    successCodes: [200],
  }
}

/** Takes the form at its signed address; the file in it goes straight into the store. */
export async function receiveForm(
  ctx: Context,
  grant: PartGrant,
  signature: string,
  { body }: IncomingBody,
  formType: string,
): Promise<void> {
  requireGrant(ctx, grant, signature)
  const upload = await existingUpload(ctx, grant.uploadID)
  requireOpenUpload(ctx, upload)
  if (!body) throw ImError.args('the form is empty')
  const { size, partSize, contentType } = upload
  const file = await fileInForm(body, formType, size)
  await storeWholeFile(ctx, upload, async (key) => {
    const hasher = new PartHasher(partSize)
    await ctx.files.put(key, hasher.tap(file), size, contentType)
    return hashOfParts(hasher.finish())
  })
}

/** Names the file that came by the form. To complete it again is no fault. */
export async function completeFormData(
  ctx: CallerContext,
  { id }: z.output<typeof CompleteFormDataReq>,
): Promise<{ url: string }> {
  const { uploadID, name, contentType, group } = parseID(id)
  requireName(ctx, name)
  const upload = await accessUpload(ctx, uploadID)
  requireAllowed(ctx, { name, contentType, cause: group, size: upload.size })
  // Only a form upload begins without a hash; it has one once it is complete.
  const hash = upload.hash || (await findParts(ctx.db, uploadID))[0]?.md5
  if (!hash) throw notUploaded()
  if (!upload.completed && upload.hash !== '') throw ImError.args('the upload is not one by a form')
  const object = { name, userID: ctx.caller.userID, hash, contentType, cause: group, createTime: ctx.now() }
  return completeUpload(ctx, upload, object, async ([whole]) => {
    if (!whole) throw notUploaded()
    return whole.tag
  })
}

function notUploaded(): ImError {
  return ImError.badData('the file has not been uploaded')
}

function parseID(id: string): z.output<typeof FormID> {
  try {
    return FormID.parse(JSON.parse(Buffer.from(id, 'base64url').toString()))
  } catch {
    throw ImError.args('id is none that initiate_form_data has answered')
  }
}
