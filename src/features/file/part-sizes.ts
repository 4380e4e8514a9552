import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'

/*
 * How a file is split into parts. Clients compute the same part size and refuse a different one, and the hash of a file
 * depends on it. So these numbers are OpenIM's and not configurable.
 */

export const MIN_PART_SIZE = 5 * 1024 * 1024
export const MAX_PART_SIZE = 5 * 1024 * 1024 * 1024
export const MAX_PARTS = 10_000

/** @throws ImError 1001 when the file is empty or larger than `maxFileBytes` */
export function requireFileSize({ config }: Context, size: number): void {
  if (size <= 0) throw ImError.args('a file must have at least 1 byte')
  if (size > config.maxFileBytes) throw ImError.args(`a file must have at most ${config.maxFileBytes} bytes`)
}

export function partSizeOf(size: number): number {
  return size <= MIN_PART_SIZE * MAX_PARTS ? MIN_PART_SIZE : Math.ceil(size / MAX_PARTS)
}

export function partCountOf({ size, partSize }: { size: number; partSize: number }): number {
  return Math.ceil(size / partSize)
}

/** All parts have the same size; the last part may be smaller. */
export function sizeOfPart({ size, partSize }: { size: number; partSize: number }, partNumber: number): number {
  return Math.min(partSize, size - (partNumber - 1) * partSize)
}
