/** Number of bytes that determine the type. */
export const HEAD_BYTES = 12

/**
 * The media type of a picture by its first bytes; null when it is not a picture. SVG is not: it can contain scripts.
 */
export function detectPictureType(head: Uint8Array): string | null {
  const text = Buffer.from(head).toString('latin1')
  if (text.startsWith('\x89PNG')) return 'image/png'
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('GIF8')) return 'image/gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'image/webp'
  if (text.startsWith('BM')) return 'image/bmp'
  return text.startsWith('ftyp', 4) ? (BRANDS[text.slice(8, 12)] ?? null) : null
}

/** Media types by brand, for picture formats that use the MP4 container. */
const BRANDS: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  mif1: 'image/heif',
}
