import type { Buffer } from 'node:buffer'
import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { FrameError, FrameTooLarge } from './frame.ts'

/**
 * Packs a frame as one gzip member. Every client reads every compression level, so the server may choose. A frame that
 * fits into one network packet is stored uncompressed (under 1 µs instead of 15 µs); a larger one uses the fastest
 * level.
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  return bytes.length < STORED_BELOW ? stored(bytes) : gzipSync(bytes, CHEAPEST)
}

const STORED_BELOW = 1024
const CHEAPEST = { level: 1 }

/** RFC 1952 header: deflate, no flags, no time, unknown system. Then RFC 1951: the last block, stored uncompressed. */
const STORED_HEAD = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]

function stored(bytes: Uint8Array): Uint8Array {
  const body = STORED_HEAD.length + 4
  const member = new Uint8Array(body + bytes.length + 8)
  const view = new DataView(member.buffer)
  member.set(STORED_HEAD)
  view.setUint16(body - 4, bytes.length, true)
  view.setUint16(body - 2, ~bytes.length, true)
  member.set(bytes, body)
  view.setUint32(body + bytes.length, crc32(bytes), true)
  view.setUint32(body + bytes.length + 4, bytes.length, true)
  return member
}

/**
 * Unpacks a frame that is one gzip member and nothing else.
 * @throws FrameError when the frame is not gzip; FrameTooLarge when it inflates to more than `maxBytes`: a small frame
 *   may hold gigabytes
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  let inflated: Buffer
  try {
    inflated = gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new (isTooLarge ? FrameTooLarge : FrameError)(`the frame is not gzip, or holds more than ${maxBytes} bytes`)
  }
  // zlib ignores bytes after a member and joins further members. In both cases the last 4 bytes are not this length.
  if (statedLength(bytes) !== inflated.length) throw new FrameError('bytes follow the gzip member')
  // A plain Uint8Array, because slice() of a Buffer shares memory, while slice() of a Uint8Array copies.
  return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length)
}

/** The last 4 bytes of a gzip member: the length of the inflated data, little-endian. */
function statedLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.byteLength - 4, 4).getUint32(0, true)
}
