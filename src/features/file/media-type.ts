import { getMimeType } from 'hono/utils/mime'

const UNKNOWN_TYPE = 'application/octet-stream'

/**
 * The media type of a file from the client's contentType, which some clients leave empty or set to a file extension.
 */
export function mediaTypeOf({ contentType, name }: { contentType: string; name: string }): string {
  const given = contentType.trim().toLowerCase()
  if (/^[\w.+-]+\/[\w.+-]+(; *charset=[\w-]+)?$/.test(given)) return given
  return typeByExtension(name) ?? typeByExtension(`.${given}`) ?? UNKNOWN_TYPE
}

/** Null when the name does not end with a known extension. */
export function typeByExtension(name: string): string | null {
  const file = name.toLowerCase()
  // `getMimeType` reads this extension from the prototype of its table, and then fails.
  return file.endsWith('.constructor') ? null : (getMimeType(file) ?? null)
}

/** Whether a pattern, such as `image/png` or `image/*`, matches the media type. */
export function coversType(pattern: string, type: string): boolean {
  const [plain = ''] = type.split(';')
  return pattern.endsWith('/*') ? plain.startsWith(pattern.slice(0, -1)) : pattern === plain
}
