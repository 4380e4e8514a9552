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
import { exposing } from './exposed-headers.ts'
import { type AppEnv, PREFIXES } from './mount-endpoints.ts'
import { limitCaller } from './rate-limits.ts'
import { envelope } from './reply.ts'

/*
 * Uploads and downloads the bytes of files. The clients are browsers and HTTP libraries, so errors are an HTTP status
 * and a line of text. A refused download is the exception: it has the API's envelope, whose code shows an app whether to
 * log in again or to request a new address.
 */

const STATUS_OF_ERROR: Readonly<Record<number, 400 | 403 | 404>> = {
  [ERRORS.ArgsError.code]: 400,
  [ERRORS.NoPermissionError.code]: 403,
  [ERRORS.RecordNotFoundError.code]: 404,
}
const INTERNAL_ERROR = 500
const FORBIDDEN = 403

type Route = RouteContext<AppEnv>

export function mountFileRoutes(app: Hono<AppEnv>): void {
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
  return new Response(body, { status, headers })
}

/** The permit to read a file, or the refusal. For a signed address only the signature counts. */
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

/** A page cannot set headers for its images, so the token may also be a query parameter. */
async function requireUser(c: Route): Promise<void> {
  const ctx = c.var.context
  const token = c.req.header('token') || c.req.query('token')
  if (!token) {
    throw ImError.noPermission('reading a file here needs a signed address or the token of a user (header `token`)')
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
    return exposing(await work())
  } catch (error) {
    // The app answers this error the same way for all routes.
    if (error instanceof ImError && error.code === ERRORS.TooManyRequests.code) throw error
    const known = error instanceof ImError ? error : ImError.internal('the request could not be completed; try again')
    if (known !== error) c.var.context.log.error('file transfer failed', error)
    return c.text(`${known.errDlt}\n`, STATUS_OF_ERROR[known.code] ?? INTERNAL_ERROR)
  }
}
