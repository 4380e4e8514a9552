/** How many bytes tell. */
export const HEAD_BYTES = 12

/** What a file of that beginning is a picture as; null when it is none. Drawings are none: they may be programs. */
export function detectPictureType(head: Uint8Array): string | null {
  const text = Buffer.from(head).toString('latin1')
  if (text.startsWith('\x89PNG')) return 'image/png'
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('GIF8')) return 'image/gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'image/webp'
  if (text.startsWith('BM')) return 'image/bmp'
  return text.startsWith('ftyp', 4) ? (BRANDS[text.slice(8, 12)] ?? null) : null
}

/** Of the pictures that share a container with videos. */
const BRANDS: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  mif1: 'image/heif',
}
