import type { Hono, Context as RouteContext } from 'hono'
import { downloadFile } from '../features/file/download-file.ts'
import { receiveForm } from '../features/file/form-upload.ts'
import { receivePart } from '../features/file/receive-part.ts'
import {
  type DownloadPermit,
  parseViewOptions,
  plainURLPermit,
  signedURLPermit,
  type ViewOptions,
} from '../features/file/sign-download-url.ts'
import { FORM_PART, type PartGrant } from '../features/file/sign-upload-url.ts'
import { ERRORS, ImError } from '../protocol/errors.ts'
import { errorReply } from '../protocol/reply.ts'
import { callerOf } from './auth.ts'
import { type AppEnv, PREFIXES } from './mount.ts'
import { limitCaller } from './rate-limits.ts'
import { envelope } from './reply.ts'

/*
 * The bytes of files. Who comes here is a browser or an HTTP library and not the API's client, so what went wrong is
 * told by the status and a line of text. Only that a file may not be read comes in the API's envelope: its code tells an
 * app whether to log in anew or to ask for another address.
 */

const STATUS_OF_ERROR: Readonly<Record<number, 400 | 403 | 404>> = {
  [ERRORS.ArgsError.code]: 400,
  [ERRORS.NoPermissionError.code]: 403,
  [ERRORS.RecordNotFoundError.code]: 404,
}
const INTERNAL_ERROR = 500
const FORBIDDEN = 403

/** A script in a browser reads these only where they are named. */
const EXPOSED_HEADERS = 'ETag, Content-Length, Content-Range, Content-Disposition, Accept-Ranges'

type Route = RouteContext<AppEnv>

export function mountFiles(app: Hono<AppEnv>): void {
  for (const prefix of PREFIXES) {
    app.get(`${prefix}/object/*`, (c) => answer(c, () => download(c, `${prefix}/object/`)))
    app.put(`${prefix}/object_part/:uploadID/:partNumber`, (c) => answer(c, () => upload(c)))
    app.post(`${prefix}/object_form/:uploadID`, (c) => answer(c, () => uploadForm(c)))
  }
}

async function download(c: Route, prefix: string): Promise<Response> {
  const view = parseViewOptions(c.req.query())
  const permit = await permitOf(c, new URL(c.req.url).pathname.slice(prefix.length), view)
  if (permit instanceof ImError) return envelope(errorReply(permit), FORBIDDEN)
  const { headers, body, status } = await downloadFile(c.var.context, {
    ...permit,
    ...view,
    headOnly: c.req.method === 'HEAD',
    range: c.req.header('range'),
    ifRange: c.req.header('if-range'),
    ifNoneMatch: c.req.header('if-none-match'),
  })
  return new Response(body, { status, headers: { ...headers, 'access-control-expose-headers': EXPOSED_HEADERS } })
}

/** What the request may read, or why it may not. An address that is signed is judged by its signature alone. */
async function permitOf(c: Route, path: string, view: ViewOptions): Promise<DownloadPermit | ImError> {
  const ctx = c.var.context
  const signature = c.req.query('signature')
  try {
    if (signature !== undefined) {
      return signedURLPermit(ctx, path, view, { signature, expires: Number(c.req.query('expires')) })
    }
    if (ctx.config.fileAccess === 'signed') await requireUser(c)
    return plainURLPermit(path)
  } catch (error) {
    if (error instanceof ImError && error.code !== ERRORS.TooManyRequests.code) return error
    throw error
  }
}

/** A page cannot give its pictures a header, so the token may stand in the address. */
async function requireUser(c: Route): Promise<void> {
  const ctx = c.var.context
  const token = c.req.header('token') || c.req.query('token')
  if (!token) {
    throw ImError.noPermission('files are read here at signed addresses, or with the token of a user (header `token`)')
  }
  await limitCaller(ctx, await callerOf(ctx, token, 'token'), c.env)
}

async function upload(c: Route): Promise<Response> {
  const grant = grantOf(c, Number(c.req.param('partNumber')))
  await receivePart(c.var.context, grant, c.req.query('signature') ?? '', incomingOf(c))
  return new Response(null)
}

async function uploadForm(c: Route): Promise<Response> {
  const formType = c.req.header('content-type') ?? ''
  await receiveForm(c.var.context, grantOf(c, FORM_PART), c.req.query('signature') ?? '', incomingOf(c), formType)
  return new Response(null)
}

function grantOf(c: Route, partNumber: number): PartGrant {
  return {
    uploadID: c.req.param('uploadID') ?? '',
    partNumber,
    size: Number(c.req.query('size')),
    expires: Number(c.req.query('expires')),
  }
}

function incomingOf(c: Route) {
  const length = c.req.header('content-length')
  return { body: c.req.raw.body, length: length === undefined ? null : Number(length) }
}

async function answer(c: Route, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    // The answer to too many requests is the same everywhere.
    if (error instanceof ImError && error.code === ERRORS.TooManyRequests.code) throw error
    const known = error instanceof ImError ? error : ImError.internal('the request could not be completed; try again')
    if (known !== error) c.var.context.log.error('a file could not be moved', error)
    return c.text(`${known.errDlt}\n`, STATUS_OF_ERROR[known.code] ?? INTERNAL_ERROR)
  }
}
