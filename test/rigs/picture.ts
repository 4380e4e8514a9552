import { crc32, deflateSync } from 'node:zlib'

/** A grey PNG of the given size; another `shade` makes another file. */
export function png(width: number, height: number, shade = 0): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // 8 bits per pixel, greyscale.
  header.set([8, 0, 0, 0, 0], 8)
  const line = Buffer.from([0, ...Array.from({ length: width }, (_, x) => (x + shade) & 0xff)])
  const lines = Buffer.concat(Array.from({ length: height }, () => line))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]
  return new Uint8Array(Buffer.concat([signature, ...chunks]))
}

/** Width and height from the header of a PNG. */
export function sizeOfPNG(data: Uint8Array): [number, number] {
  const view = new DataView(data.buffer, data.byteOffset)
  return [view.getUint32(16), view.getUint32(20)]
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
