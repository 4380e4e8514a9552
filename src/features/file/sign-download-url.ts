import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { fileURL, possibleNames } from './file-name.ts'
import { isSigned, signatureOf } from './sign-url.ts'

/** The display options in a file's URL; "" and 0 when they are absent. */
export interface ViewOptions {
  type: string
  /** In pixels. */
  width: number
  height: number
  format: string
}

/** The permission that a URL carries: to read the file with one of these names, until it expires. */
export interface DownloadPermit {
  names: readonly string[]
  /** Unix time in ms; null when the URL does not expire. */
  until: number | null
}

/** The signature and the expiry in a URL. */
interface ReadSignature {
  signature: string
  expires: number
}

export function parseViewOptions({
  type = '',
  width,
  height,
  format = '',
}: Readonly<Record<string, string>>): ViewOptions {
  return { type, width: pixels(width), height: pixels(height), format }
}

/** Signs a URL at which this service serves the file to any client until it expires. */
export function signedDownloadURL(
  ctx: Context,
  name: string,
  query: Readonly<Record<string, string>>,
  expires: number,
): string {
  const search = new URLSearchParams(query)
  search.set('expires', String(expires))
  search.set('signature', signatureOf(ctx, 'to read at', signedFields(name, parseViewOptions(query), expires)))
  return `${fileURL(ctx, name)}?${search}`
}

/** The permission of an unsigned URL. */
export function plainURLPermit(path: string): DownloadPermit {
  return { names: possibleNames(path), until: null }
}

/**
 * Verifies a signed URL.
 * @throws ImError 1002 when this service has not signed exactly this URL, or it has expired
 */
export function signedURLPermit(
  ctx: Context,
  path: string,
  view: ViewOptions,
  { signature, expires }: ReadSignature,
): DownloadPermit {
  const names = possibleNames(path).filter((name) =>
    isSigned(ctx, 'to read at', signedFields(name, view, expires), signature),
  )
  if (names.length === 0) throw ImError.noPermission('the URL was not signed by this service, or was changed')
  if (expires < ctx.now()) throw ImError.noPermission('the URL has expired; /object/access_url answers a new one')
  return { names, until: expires }
}

/**
 * The display options are signed too: a client that got the URL of a thumbnail cannot get the original by removing a
 * parameter. Other parameters of the URL are not signed.
 */
function signedFields(
  name: string,
  { type, width, height, format }: ViewOptions,
  expires: number,
): (string | number)[] {
  return [name, type, width, height, format, expires]
}

/** OpenIM: a value that is not a number counts as 0. */
function pixels(text = ''): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}
