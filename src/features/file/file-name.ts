import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'

const MAX_NAME_BYTES = 1_024

/**
 * Checks a file name. Users may only use names that start with their own userID. Dot segments and control characters
 * are refused: HTTP clients change them in a URL, so that the URL would address another file.
 * @throws ImError 1001 when the name is not valid, 1002 when it does not start with the caller's userID
 */
export function requireName({ caller }: CallerContext, name: string): void {
  if (name.trim() === '') throw ImError.args('the name must not be empty')
  if (name.startsWith('/')) throw ImError.args('the name must not start with a slash')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw ImError.args(`the name has at most ${MAX_NAME_BYTES} bytes`)
  if (!name.isWellFormed()) throw ImError.args('the name is not valid Unicode')
  if (/[\p{Cc}\\]/u.test(name)) throw ImError.args('the name must not contain control characters or backslashes')
  if (name.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw ImError.args('the name must not contain the segments . and ..')
  }
  if (!caller.isAdmin && !name.startsWith(`${caller.userID}/`)) {
    throw ImError.noPermission(`the name must start with ${caller.userID}/`)
  }
}

/** The last path segment of a name. */
export function baseNameOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/**
 * The URL of a file, with the name percent-encoded once, so that every HTTP client reads it back as it is. OpenIM: the
 * name is not encoded, and clients then cut a space at its end, or refuse it.
 */
export function fileURL({ publicURL }: Context, name: string): string {
  return `${publicURL}/object/${name.split('/').map(encodeURIComponent).join('/')}`
}

/** The names that a URL path can mean: some clients escape the name, others do not. */
export function possibleNames(path: string): string[] {
  // A % that is not followed by two hex digits is kept, even when the client escaped other characters.
  const decoded = path.replace(/(?:%[0-9a-f]{2})+/gi, decodeEscapes)
  return decoded === path ? [path] : [decoded, path]
}

/** Decodes a run of percent-escapes; returns it unchanged when it is not valid UTF-8. */
function decodeEscapes(escapes: string): string {
  try {
    return decodeURIComponent(escapes)
  } catch {
    return escapes
  }
}
