import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { MAX_PART_SIZE, MAX_PARTS, MIN_PART_SIZE, partSizeOf, requireFileSize } from './part-sizes.ts'
import type { PartLimit, PartSizeReq } from './schema.ts'

/** From these the core SDKs compute the size of the parts themselves. */
export async function partLimit(): Promise<PartLimit> {
  return { minPartSize: MIN_PART_SIZE, maxPartSize: MAX_PART_SIZE, maxNumSize: MAX_PARTS }
}

/** The size of the parts of a file. */
export async function partSize(ctx: CallerContext, { size }: z.output<typeof PartSizeReq>): Promise<{ size: number }> {
  requireFileSize(ctx, size)
  return { size: partSizeOf(size) }
}
