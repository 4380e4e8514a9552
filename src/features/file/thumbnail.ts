import type { ImageInfo } from '../../platform/storage/images.ts'
import type { Context } from '../../runtime/context.ts'
import { thumbnailPrefix } from './store-keys.ts'
import type { FileContentRow } from './tables.ts'

/** OpenIM's: who asks for a larger one gets the original. */
const MAX_SIDE = 1_024
/** How far a side may go that nobody has given. */
const MAX_FREE_SIDE = 2_048

/** So many different ones are made of a picture; reading needs no token, and each costs. */
export const MAX_THUMBNAILS = 16

/** What becomes of a picture where nobody says: browsers show all of these, and it stays small. */
const SHOWN_AS: Readonly<Record<string, string>> = {
  'image/jpeg': 'image/jpeg',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
  'image/avif': 'image/webp',
  'image/heic': 'image/jpeg',
  'image/heif': 'image/jpeg',
}

/** The box that a request asks for, and the type; "" and 0 where it does not say. */
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

/** What is to be made of a picture, or null where the original is what was asked for. */
export function thumbnailFor(picture: ImageInfo, { width, height, format }: Box): ImageInfo | null {
  // Nothing is made of a picture that could not be measured.
  if (picture.width === 0 || width > MAX_SIDE || height > MAX_SIDE) return null
  const type = FORMATS[format.toLowerCase()] ?? null
  const fits = (width <= 0 || width >= picture.width) && (height <= 0 || height >= picture.height)
  if (fits && (type === null || type === picture.type)) return null
  const sides = { width: side(width, picture.width), height: side(height, picture.height) }
  return { ...sides, type: type ?? SHOWN_AS[picture.type] ?? 'image/png' }
}

/**
 * A thumbnail: a kept one, or else one that is made and kept.
 * @throws Error when it cannot be made
 */
export async function thumbnail(ctx: Context, content: FileContentRow, wanted: ImageInfo): Promise<Uint8Array | null> {
  const key = thumbnailPrefix(content.hash) + thumbnailName(wanted)
  const kept = await ctx.files.readSmall(key)
  if (kept) return kept
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

function side(asked: number, original: number): number {
  return asked > 0 ? Math.min(asked, original) : Math.min(original, MAX_FREE_SIDE)
}
