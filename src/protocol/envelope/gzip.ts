import type { Buffer } from 'node:buffer'
import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { FrameError } from './frame.ts'

/**
 * One gzip member around a frame. Every inflater reads every level, so the level is ours to choose: what fits into one
 * network packet anyway is stored as it is (under 1 µs instead of 15 µs), the rest is compressed at the cheapest level.
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  return bytes.length < STORED_BELOW ? stored(bytes) : gzipSync(bytes, CHEAPEST)
}

const STORED_BELOW = 1024
const CHEAPEST = { level: 1 }

/** RFC 1952 around RFC 1951's uncompressed block: deflate, no flags, no time, unknown system; last block, stored. */
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
 * @throws FrameError when it is not, or when more than `maxBytes` come out: a small frame can hold a gigabyte of zeros
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  let inflated: Buffer
  try {
    inflated = gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch {
    throw new FrameError(`the frame is not gzip, or holds more than ${maxBytes} bytes`)
  }
  // zlib ignores what follows a member and joins further members; both leave a foreign length at the end.
  if (statedLength(bytes) !== inflated.length) throw new FrameError('bytes follow the gzip member')
  // A plain array: Buffer's slice() shares memory where Uint8Array's copies.
  return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length)
}

/** A member ends with the length of what it holds, little-endian. */
function statedLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.byteLength - 4, 4).getUint32(0, true)
}
