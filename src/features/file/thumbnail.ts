import type { ImageInfo } from '../../platform/storage/images.ts'
import type { Context } from '../../runtime/context.ts'
import { thumbnailPrefix } from './store-keys.ts'
import type { FileContentRow } from './tables.ts'

/** OpenIM's limit: a request for a larger side gets the original. */
const MAX_SIDE = 1_024
/** Limit of a side that the request does not give. */
const MAX_DEFAULT_SIDE = 2_048

/** Thumbnails per picture. Each costs money, and requests without a token can ask for any size. */
export const MAX_THUMBNAILS = 16

/** The format of a thumbnail when the request gives none: browsers show all of these, and the files are small. */
const DEFAULT_FORMATS: Readonly<Record<string, string>> = {
  'image/jpeg': 'image/jpeg',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
  'image/avif': 'image/webp',
  'image/heic': 'image/jpeg',
  'image/heif': 'image/jpeg',
}

/** The requested size and format; 0 and "" when the request does not give them. */
export interface Box {
  width: number
  height: number
  format: string
}

const FORMATS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  gif: 'image/gif',
}

/** The thumbnail that a request needs; null when the original is the answer. */
export function thumbnailFor(picture: ImageInfo, { width, height, format }: Box): ImageInfo | null {
  // A picture that could not be measured is never resized.
  if (picture.width === 0 || width > MAX_SIDE || height > MAX_SIDE) return null
  const type = FORMATS[format.toLowerCase()] ?? null
  const fits = (width <= 0 || width >= picture.width) && (height <= 0 || height >= picture.height)
  if (fits && (type === null || type === picture.type)) return null
  const sides = { width: side(width, picture.width), height: side(height, picture.height) }
  return { ...sides, type: type ?? DEFAULT_FORMATS[picture.type] ?? 'image/png' }
}

/**
 * Reads a stored thumbnail, or makes it and stores it after the reply.
 * @returns null when the picture has MAX_THUMBNAILS others, or its content is missing in the store
 * @throws Error when the thumbnail cannot be made
 */
export async function thumbnail(ctx: Context, content: FileContentRow, wanted: ImageInfo): Promise<Uint8Array | null> {
  const key = thumbnailPrefix(content.hash) + thumbnailName(wanted)
  const stored = await ctx.files.readSmall(key)
  if (stored) return stored
  const others = await ctx.files.list(thumbnailPrefix(content.hash), MAX_THUMBNAILS)
  if (others.length >= MAX_THUMBNAILS) return null
  const original = await ctx.files.read(content.storeKey, { offset: 0, length: content.size })
  if (!original) return null
  const made = await ctx.images.shrink(original, wanted)
  ctx.afterReply(() => ctx.files.putSmall(key, made, wanted.type))
  return made
}

/** `640x480.jpeg` */
export function thumbnailName({ width, height, type }: ImageInfo): string {
  return `${width}x${height}.${type.slice('image/'.length)}`
}

function side(requested: number, original: number): number {
  return requested > 0 ? Math.min(requested, original) : Math.min(original, MAX_DEFAULT_SIDE)
}
