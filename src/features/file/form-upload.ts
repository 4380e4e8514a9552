import { z } from 'zod'
import { DAY_MS, MINUTE_MS } from '../../platform/durations.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { messageID } from '../../runtime/ids.ts'
import { findUnstorableText } from '../../runtime/storable-text.ts'
import { accessUpload, existingUpload, requireOpenUpload, requireUploadQuota } from './access.ts'
import { completeUpload } from './complete-upload.ts'
import { hashOfParts, PartHasher } from './file-hash.ts'
import { requireName } from './file-name.ts'
import { FILE_FIELD, readFileInForm } from './parse-form.ts'
import { MAX_PART_SIZE, partSizeOf, requireFileSize } from './part-sizes.ts'
import { type IncomingBody, storeWholeFile } from './receive-part.ts'
import { requireAllowed } from './require-allowed.ts'
import { type CompleteFormDataReq, cause, contentType, type InitiatedForm, type InitiateFormDataReq } from './schema.ts'
import { type PartGrant, requireGrant, signForm } from './sign-upload-url.ts'
import { findParts, insertUpload } from './store/uploads.ts'

/** OpenIM's lifetime of a form URL; administrators may choose another one, up to the maximum. */
const FORM_LIFETIME_MS = 10 * MINUTE_MS
const MAX_FORM_LIFETIME_MS = 7 * DAY_MS

/**
 * The state that the completing call needs from the initiating call. The client carries it and can forge it, so every
 * field is checked again and the upload must belong to the caller.
 */
const FormID = z.object({ uploadID: z.string(), name: z.string(), contentType, group: cause })

/** Starts an upload by an HTML form, for web pages and backends without an SDK. */
export async function initiateFormData(
  ctx: CallerContext,
  { name, size, contentType, group, millisecond, absolute }: z.output<typeof InitiateFormDataReq>,
): Promise<InitiatedForm> {
  requireName(ctx, name)
  // OpenIM: only administrators may set `absolute`. It has no effect here: the service chooses where a file is stored.
  if (absolute && !ctx.caller.isAdmin) throw ImError.noPermission('only an administrator may set `absolute`')
  requireFileSize(ctx, size)
  if (size > MAX_PART_SIZE) throw ImError.args(`a file in a form has at most ${MAX_PART_SIZE} bytes`)
  requireAllowed(ctx, { name, contentType, cause: group, size })
  await requireUploadQuota(ctx)
  const uploadID = messageID()
  const lifetimeMs =
    ctx.caller.isAdmin && millisecond > 0 ? Math.min(millisecond, MAX_FORM_LIFETIME_MS) : FORM_LIFETIME_MS
  const upload = {
    uploadID,
    userID: ctx.caller.userID,
    hash: '',
    size,
    partSize: partSizeOf(size),
    contentType,
    storeUploadID: '',
    expireTime: ctx.now() + lifetimeMs,
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

/** Receives the form at its signed URL and streams the file into the store. */
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
  const file = await readFileInForm(body, formType, size)
  await storeWholeFile(ctx, upload, async (key) => {
    const hasher = new PartHasher(partSize)
    await ctx.files.put(key, hasher.tap(file), size, contentType)
    return hashOfParts(hasher.finish())
  })
}

/** Names the file that was uploaded by the form. Completing an upload again succeeds. */
export async function completeFormData(
  ctx: CallerContext,
  { id }: z.output<typeof CompleteFormDataReq>,
): Promise<{ url: string }> {
  const { uploadID, name, contentType, group } = parseID(id)
  requireName(ctx, name)
  const upload = await accessUpload(ctx, uploadID)
  requireAllowed(ctx, { name, contentType, cause: group, size: upload.size })
  // A form upload starts without a hash and gets one when it completes.
  const hash = upload.hash || (await findParts(ctx.db, uploadID))[0]?.md5
  if (!hash) throw notUploaded()
  if (!upload.completed && upload.hash !== '') throw ImError.args('the upload was not started with initiate_form_data')
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
    const json = Buffer.from(id, 'base64url').toString()
    const given: unknown = JSON.parse(json)
    if (findUnstorableText(json, given) === null) return FormID.parse(given)
  } catch {
    // Refused below, like every id that this service has not made.
  }
  throw ImError.args('id is not a value that initiate_form_data answered')
}
