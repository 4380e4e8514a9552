import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'

/*
 * How a file is cut. Clients compute the same and refuse a part size that differs, and the hash of a file depends on
 * it, so these are OpenIM's numbers and no settings.
 */

export const MIN_PART_SIZE = 5 * 1024 * 1024
export const MAX_PART_SIZE = 5 * 1024 * 1024 * 1024
export const MAX_PARTS = 10_000

/** @throws ImError 1001 when the file is empty or larger than this deployment takes */
export function requireFileSize({ config }: Context, size: number): void {
  if (size <= 0) throw ImError.args('a file has at least one byte')
  if (size > config.maxFileBytes) throw ImError.args(`a file has at most ${config.maxFileBytes} bytes here`)
}

export function partSizeOf(size: number): number {
  return size <= MIN_PART_SIZE * MAX_PARTS ? MIN_PART_SIZE : Math.ceil(size / MAX_PARTS)
}

export function partCountOf({ size, partSize }: { size: number; partSize: number }): number {
  return Math.ceil(size / partSize)
}

/** All parts are of one size but the last, which has the rest. */
export function sizeOfPart({ size, partSize }: { size: number; partSize: number }, partNumber: number): number {
  return Math.min(partSize, size - (partNumber - 1) * partSize)
}
