import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { sizeOfPart } from './part-sizes.ts'
import type { SignedPart, SignedParts } from './schema.ts'
import { isSigned, signatureOf } from './sign-url.ts'
import { storeKeyOf } from './store-keys.ts'
import type { FileUploadRow } from './tables.ts'

/** OpenIM's: clients ask anew after a minute anyway, but a slow part may take its time. */
const SIGNATURE_LIFE_MS = 24 * 60 * 60 * 1000

/** Stands in the place of the part number where the body is a form around the whole file. */
export const FORM_PART = 0

/** What an address permits: these bytes, at this place, until then. */
export interface PartGrant {
  uploadID: string
  partNumber: number
  size: number
  /** ms since the epoch. */
  expires: number
}

/** The addresses to put parts to. Everything is in the address itself: there is no query or header to add. */
export async function signParts(
  ctx: Context,
  upload: FileUploadRow,
  partNumbers: readonly number[],
): Promise<SignedParts> {
  const parts: SignedPart[] = []
  for (const partNumber of partNumbers) {
    parts.push({ partNumber, url: await addressOf(ctx, upload, partNumber), query: null, header: null })
  }
  return { url: '', query: null, header: null, parts }
}

/** The address to which a form with the whole file is posted. */
export function signForm(ctx: Context, upload: FileUploadRow): string {
  return signedURL(ctx, upload, FORM_PART, upload.size)
}

/** @throws ImError 1002 unless this service has permitted exactly this and the time has not passed */
export function requireGrant(ctx: Context, grant: PartGrant, signature: string): void {
  if (!isSigned(ctx, 'to upload to', permittedBy(grant), signature)) {
    throw ImError.noPermission('the address to upload to was not signed by this service')
  }
  if (grant.expires < ctx.now()) throw ImError.noPermission('the address to upload to has expired')
}

/** Of the store itself, where clients reach it. */
async function addressOf(ctx: Context, upload: FileUploadRow, partNumber: number): Promise<string> {
  const { uploadID, storeUploadID } = upload
  const size = sizeOfPart(upload, partNumber)
  const { direct } = ctx.files
  if (!direct) return signedURL(ctx, upload, partNumber, size)
  const lifeMs = Math.min(SIGNATURE_LIFE_MS, upload.expireTime - ctx.now())
  return direct.signPart(storeKeyOf(uploadID), storeUploadID, partNumber, size, Math.max(1, Math.floor(lifeMs / 1_000)))
}

function signedURL(ctx: Context, upload: FileUploadRow, partNumber: number, size: number): string {
  const { uploadID } = upload
  const expires = Math.min(ctx.now() + SIGNATURE_LIFE_MS, upload.expireTime)
  const signature = signatureOf(ctx, 'to upload to', permittedBy({ uploadID, partNumber, size, expires }))
  const path = partNumber === FORM_PART ? `object_form/${uploadID}` : `object_part/${uploadID}/${partNumber}`
  return `${ctx.publicURL}/${path}?size=${size}&expires=${expires}&signature=${signature}`
}

function permittedBy({ uploadID, partNumber, size, expires }: PartGrant): [string, number, number, number] {
  return [uploadID, partNumber, size, expires]
}
