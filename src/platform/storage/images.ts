/** What is known of a picture without seeing it whole. */
export interface ImageInfo {
  width: number
  height: number
  /** A media type. */
  type: string
}

/** Looks at pictures and makes smaller ones of them. */
export interface ImageService {
  /** Null when the bytes are no picture, or none that can be read. @throws Error when nothing can be said now */
  measure(body: ReadableStream<Uint8Array>): Promise<ImageInfo | null>
  /**
   * The picture upright, in a box of this size and as this type; it is never made larger.
   * @throws Error when it cannot be done: a damaged picture, a type that is not made here, a quota that is used up
   */
  shrink(body: ReadableStream<Uint8Array>, into: ImageInfo): Promise<Uint8Array>
}

/** Cloudflare's numbers for what is no picture; the last is also that of a picture which cannot be decoded. */
const NO_PICTURE = new Set([9412, 9520, 9523])

/** A good deal smaller than the 85 that is usual, without being seen at the size of a thumbnail. */
const QUALITY = 75

/** Cloudflare Images, bound to the Worker. */
export function openImageService(images: ImagesBinding): ImageService {
  return {
    measure: async (body) => {
      try {
        const info = await images.info(body)
        // A drawing has no size of its own, and may be a program.
        return 'width' in info ? { width: info.width, height: info.height, type: info.format } : null
      } catch (error) {
        if (NO_PICTURE.has(numberOf(error))) return null
        throw error
      }
    },
    shrink: async (body, { width, height, type }) => {
      const transformed = images.input(body).transform({ width, height, fit: 'scale-down' })
      const result = await transformed.output({ format: outputFormat(type), quality: QUALITY })
      return new Uint8Array(await result.response().arrayBuffer())
    },
  }
}

const OUTPUT_FORMATS = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const

function outputFormat(type: string): (typeof OUTPUT_FORMATS)[number] {
  const format = OUTPUT_FORMATS.find((known) => known === type)
  if (!format) throw new Error(`pictures are not made as ${type}`)
  return format
}

function numberOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0
}
