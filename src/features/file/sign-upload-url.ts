import { DAY_MS } from '../../platform/durations.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { sizeOfPart } from './part-sizes.ts'
import type { SignedPart, SignedParts } from './schema.ts'
import { isSigned, signatureOf } from './sign-url.ts'
import { storeKeyOf } from './store-keys.ts'
import type { FileUploadRow } from './tables.ts'

/** OpenIM's lifetime of an upload URL. Clients request new URLs after a minute, but a slow upload can take hours. */
const SIGNATURE_LIFETIME_MS = DAY_MS

/** The part number of a form that contains the whole file. */
export const FORM_PART = 0

/** The permission that an upload URL carries: one part of one upload, with this size, until it expires. */
export interface PartGrant {
  uploadID: string
  partNumber: number
  size: number
  /** Unix time in ms. */
  expires: number
}

/** Signs the URLs of parts. A URL is complete: clients add no query and no header. */
export async function signParts(
  ctx: Context,
  upload: FileUploadRow,
  partNumbers: readonly number[],
): Promise<SignedParts> {
  const parts: SignedPart[] = []
  for (const partNumber of partNumbers) {
    parts.push({ partNumber, url: await partURL(ctx, upload, partNumber), query: null, header: null })
  }
  return { url: '', query: null, header: null, parts }
}

/** Signs the URL to which a form with the whole file is posted. */
export function signForm(ctx: Context, upload: FileUploadRow): string {
  return signedURL(ctx, upload, FORM_PART, upload.size)
}

/** @throws ImError 1002 when the signature does not match the grant, or the grant has expired */
export function requireGrant(ctx: Context, grant: PartGrant, signature: string): void {
  if (!isSigned(ctx, 'to upload to', signedFields(grant), signature)) {
    throw ImError.noPermission('the upload URL was not signed by this service')
  }
  if (grant.expires < ctx.now()) throw ImError.noPermission('the upload URL has expired')
}

/** The URL of a part: the store's own when clients can reach the store. */
async function partURL(ctx: Context, upload: FileUploadRow, partNumber: number): Promise<string> {
  const { uploadID, storeUploadID } = upload
  const size = sizeOfPart(upload, partNumber)
  const { direct } = ctx.files
  if (!direct) return signedURL(ctx, upload, partNumber, size)
  const lifetimeMs = Math.min(SIGNATURE_LIFETIME_MS, upload.expireTime - ctx.now())
  return direct.signPart(
    storeKeyOf(uploadID),
    storeUploadID,
    partNumber,
    size,
    Math.max(1, Math.floor(lifetimeMs / 1_000)),
  )
}

function signedURL(ctx: Context, upload: FileUploadRow, partNumber: number, size: number): string {
  const { uploadID } = upload
  const expires = Math.min(ctx.now() + SIGNATURE_LIFETIME_MS, upload.expireTime)
  const signature = signatureOf(ctx, 'to upload to', signedFields({ uploadID, partNumber, size, expires }))
  const path = partNumber === FORM_PART ? `object_form/${uploadID}` : `object_part/${uploadID}/${partNumber}`
  return `${ctx.publicURL}/${path}?size=${size}&expires=${expires}&signature=${signature}`
}

function signedFields({ uploadID, partNumber, size, expires }: PartGrant): [string, number, number, number] {
  return [uploadID, partNumber, size, expires]
}
