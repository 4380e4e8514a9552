import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { fileURL, possibleNames } from './file-name.ts'
import { isSigned, signatureOf } from './sign-url.ts'

/** How a file is to be shown; "" and 0 where the address does not say. */
export interface ViewOptions {
  type: string
  /** In pixels. */
  width: number
  height: number
  format: string
}

/** What an address permits: these names, one of which is the file's, until then. */
export interface DownloadPermit {
  names: readonly string[]
  /** ms since the epoch; null where the address holds for good. */
  until: number | null
}

/** The signature in an address, and the time that it says. */
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

/** An address at which this service serves the file until then, whoever asks. */
export function signedDownloadURL(
  ctx: Context,
  name: string,
  query: Readonly<Record<string, string>>,
  expires: number,
): string {
  const search = new URLSearchParams(query)
  search.set('expires', String(expires))
  search.set('signature', signatureOf(ctx, 'to read at', permittedBy(name, parseViewOptions(query), expires)))
  return `${fileURL(ctx, name)}?${search}`
}

/** What the plain address of a file permits. */
export function plainURLPermit(path: string): DownloadPermit {
  return { names: possibleNames(path), until: null }
}

/** @throws ImError 1002 unless this service has signed the address as it stands and its time has not passed */
export function signedURLPermit(
  ctx: Context,
  path: string,
  view: ViewOptions,
  { signature, expires }: ReadSignature,
): DownloadPermit {
  const names = possibleNames(path).filter((name) =>
    isSigned(ctx, 'to read at', permittedBy(name, view, expires), signature),
  )
  if (names.length === 0) throw ImError.noPermission('the address was not signed by this service as it stands')
  if (expires < ctx.now()) throw ImError.noPermission('the address has expired; /object/access_url answers another')
  return { names, until: expires }
}

/**
 * How the file is shown is signed, too: clients take the address as it is answered, and whoever was given that of a
 * thumbnail must not get the original by leaving something out. What else stands in an address is free.
 */
function permittedBy(name: string, { type, width, height, format }: ViewOptions, expires: number): (string | number)[] {
  return [name, type, width, height, format, expires]
}

/** OpenIM reads what is no number as none. */
function pixels(text = ''): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}
