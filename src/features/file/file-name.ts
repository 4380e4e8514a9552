import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'

const MAX_NAME_BYTES = 1_024

/**
 * Everybody names files below their own userID only. What an address cannot carry as it is (dot segments, control
 * characters) is no name: it would lead to another place than it says.
 * @throws ImError 1001 on what is no name, 1002 on a name that belongs to others
 */
export function requireName({ caller }: CallerContext, name: string): void {
  if (name.trim() === '') throw ImError.args('a file needs a name')
  if (name.startsWith('/')) throw ImError.args('the name of a file does not start with a slash')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw ImError.args(`a name has at most ${MAX_NAME_BYTES} bytes`)
  if (!name.isWellFormed()) throw ImError.args('the name is not valid Unicode')
  if (/[\p{Cc}\\]/u.test(name)) throw ImError.args('a name has neither control characters nor backslashes')
  if (name.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw ImError.args('a name has no segments . and ..')
  }
  if (!caller.isAdmin && !name.startsWith(`${caller.userID}/`)) {
    throw ImError.noPermission(`the name of a file of yours starts with ${caller.userID}/`)
  }
}

/** The last segment. */
export function baseNameOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** Where a file is read. As with OpenIM the name stands there unescaped, but for what would end or change it. */
export function fileURL({ publicURL }: Context, name: string): string {
  return `${publicURL}/object/${name.replace(/[#?]|%(?=[0-9a-f]{2})/gi, encodeURIComponent)}`
}

/** The names that a path may mean: clients escape, or do not. */
export function possibleNames(path: string): string[] {
  // A lone % is no escape, even where the client's HTTP library has escaped what stands around it.
  const decoded = path.replace(/(?:%[0-9a-f]{2})+/gi, unescaped)
  return decoded === path ? [path] : [decoded, path]
}

/** What the escapes stand for; themselves where that is no text. */
function unescaped(escapes: string): string {
  try {
    return decodeURIComponent(escapes)
  } catch {
    return escapes
  }
}
