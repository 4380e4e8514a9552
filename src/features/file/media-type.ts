import { getMimeType } from 'hono/utils/mime'

const UNKNOWN_TYPE = 'application/octet-stream'

/** The media type of a file, by what the client says; some clients give an extension, or nothing, as the type. */
export function mediaTypeOf({ contentType, name }: { contentType: string; name: string }): string {
  const given = contentType.trim().toLowerCase()
  if (/^[\w.+-]+\/[\w.+-]+(; *charset=[\w-]+)?$/.test(given)) return given
  return typeByExtension(name) ?? getMimeType(`.${given}`) ?? UNKNOWN_TYPE
}

/** Null where the name ends in no extension that is known. */
export function typeByExtension(name: string): string | null {
  return getMimeType(name.toLowerCase()) ?? null
}

/** Whether a pattern, a media type or one like `image/*`, means the type. */
export function coversType(pattern: string, type: string): boolean {
  const [plain = ''] = type.split(';')
  return pattern.endsWith('/*') ? plain.startsWith(pattern.slice(0, -1)) : pattern === plain
}
