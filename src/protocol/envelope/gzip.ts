import { gunzipSync, gzipSync } from 'node:zlib'
import { FrameError } from './frame.ts'

/** One gzip member around a frame. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, SETTINGS)
}

const SETTINGS = { level: 1 }

/**
 * Unpacks a frame that is one gzip member and nothing else.
 * @throws FrameError when it is not, or when more than `maxBytes` come out: a small frame can hold a gigabyte of zeros
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  let inflated: Uint8Array
  try {
    inflated = gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch {
    throw new FrameError(`the frame is not gzip, or holds more than ${maxBytes} bytes`)
  }
  // zlib ignores what follows a member and joins further members; both leave a foreign length at the end.
  if (statedLength(bytes) !== inflated.length) throw new FrameError('bytes follow the gzip member')
  return inflated
}

/** A member ends with the length of what it holds, little-endian. */
function statedLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.byteLength - 4, 4).getUint32(0, true)
}
