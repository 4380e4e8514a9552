import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { MAX_PART_SIZE, MAX_PARTS, MIN_PART_SIZE, partSizeOf, requireFileSize } from './part-sizes.ts'
import type { PartLimit, PartSizeReq } from './schema.ts'

/** Answers the limits from which the Go core SDK computes the part size itself. */
export async function partLimit(): Promise<PartLimit> {
  return { minPartSize: MIN_PART_SIZE, maxPartSize: MAX_PART_SIZE, maxNumSize: MAX_PARTS }
}

/** Answers the part size for a file. */
export async function partSize(ctx: CallerContext, { size }: z.output<typeof PartSizeReq>): Promise<{ size: number }> {
  requireFileSize(ctx, size)
  return { size: partSizeOf(size) }
}
