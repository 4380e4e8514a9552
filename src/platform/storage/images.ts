/** Size and type of an image. */
export interface ImageInfo {
  width: number
  height: number
  /** The media type. */
  type: string
}

/** Measures images and makes thumbnails. */
export interface ImageService {
  /** Null when the bytes are not an image that can be read. @throws Error when the service cannot answer now */
  measure(body: ReadableStream<Uint8Array>): Promise<ImageInfo | null>
  /**
   * Rotates the image upright, shrinks it into a box of this size and converts it to this type. It never enlarges.
   * @throws Error for a damaged image, a type that is not supported, or an exhausted quota
   */
  shrink(body: ReadableStream<Uint8Array>, into: ImageInfo): Promise<Uint8Array>
}

/** Cloudflare's error codes for data that is not an image; 9523 also means an image that cannot be decoded. */
const NOT_AN_IMAGE = new Set([9412, 9520, 9523])

/** Files are much smaller than with the usual 85, and at the size of a thumbnail the difference is invisible. */
const QUALITY = 75

/** Cloudflare Images, bound to the Worker. */
export function openImageService(images: ImagesBinding): ImageService {
  return {
    measure: async (body) => {
      try {
        const info = await images.info(body)
        // An SVG has no size in pixels, and may contain scripts.
        return 'width' in info ? { width: info.width, height: info.height, type: info.format } : null
      } catch (error) {
        if (NOT_AN_IMAGE.has(codeOf(error))) return null
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
  if (!format) throw new Error(`thumbnails of type ${type} are not supported`)
  return format
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0
}
