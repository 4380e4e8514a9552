import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { accessUpload, requireOpenUpload } from './access.ts'
import { partCountOf } from './part-sizes.ts'
import type { AuthSignReq, SignedParts } from './schema.ts'
import { signParts } from './sign-upload-url.ts'

/** Answers signed URLs for further parts, or new ones for parts whose URLs have expired. */
export async function authSign(
  ctx: CallerContext,
  { uploadID, partNumbers }: z.output<typeof AuthSignReq>,
): Promise<SignedParts> {
  const upload = await accessUpload(ctx, uploadID)
  requireOpenUpload(ctx, upload)
  const count = partCountOf(upload)
  const unknown = partNumbers.find((partNumber) => partNumber > count)
  if (unknown !== undefined) throw ImError.args(`the file has ${count} parts; part ${unknown} does not exist`)
  return signParts(ctx, upload, partNumbers)
}
