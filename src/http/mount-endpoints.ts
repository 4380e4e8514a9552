import type { Hono } from 'hono'
import type { PendingRestSend } from '../contracts/user.ts'
import type { Bindings } from '../env.ts'
import { ImError } from '../protocol/errors.ts'
import { errorReply, okReply } from '../protocol/reply.ts'
import type { AfterReply } from '../runtime/after-reply.ts'
import { clientIPOf } from '../runtime/client-ip.ts'
import { type CallerContext, type Context, createContext } from '../runtime/context.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { messageID } from '../runtime/ids.ts'
import { verifyToken } from '../runtime/jwt.ts'
import { callerOf } from './auth.ts'
import { type Body, operationIDOf, readBody } from './body.ts'
import { publicURLOf } from './public-url.ts'
import { limitCaller } from './rate-limits.ts'
import { envelope } from './reply.ts'

export type AppEnv = {
  Bindings: Bindings
  Variables: {
    context: Context
    afterReply: AfterReply
    errCode?: number
    /** The fields of the request that no schema reads; absent when the schemas read every field. */
    unknownFields?: readonly string[]
  }
}

/** OpenIM: its nginx examples serve the REST API under /api, its own port at the root. Both work. */
export const PREFIXES = ['', '/api']

/** Registers every endpoint with the router. */
export function mountEndpoints(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  for (const prefix of PREFIXES) {
    for (const endpoint of endpoints) {
      app.post(prefix + endpoint.path, async (c) => {
        // `c.var` would build an object of all variables at each access.
        const variables = { context: c.get('context'), afterReply: c.get('afterReply') }
        const ahead = endpoint.sendTarget ? await readAhead(endpoint, variables.context, c.req.raw) : null
        const ctx = await contextFor(endpoint, variables, c.req.raw, c.env, ahead?.pendingSend)
        const reading = ahead?.reading ?? readBody(c.req.raw, endpoint, ctx.config.strictFields)
        const body = await reading.catch((error: unknown) => bodyError(endpoint, error))
        if (body instanceof ImError) {
          c.set('errCode', body.code)
          return envelope(errorReply(body), endpoint.quirks?.badBodyStatus)
        }
        const { value, form, unknown } = body
        if (unknown.length > 0) {
          c.set('unknownFields', unknown)
          ctx.log.warn('request has unknown fields', {
            path: endpoint.path,
            fields: unknown.join(', '),
          })
        }
        const result = await endpoint.handle(ctx, value)
        if (!endpoint.protobuf) return envelope(okReply(result))
        if (form === 'json') return envelope(okReply(endpoint.protobuf.toJson(result)))
        return envelope(okReply(Buffer.from(endpoint.protobuf.encode(result)).toString('base64')))
      })
    }
  }
}

/**
 * Reads the body before the user's object checks the token, so that one RPC both checks the token and records the send.
 * An error in the body is still reported only to callers with a valid token.
 */
async function readAhead(
  endpoint: Endpoint,
  { config, operationID, now }: Context,
  request: Request,
): Promise<{ reading: Promise<Body>; pendingSend: PendingRestSend | undefined } | null> {
  const token = request.headers.get('token')
  if (!token || operationID === '') return null
  // The signature is checked first: the body of an unauthenticated request is not read.
  const { userID } = await verifyToken(token, config.secrets, now())
  if (endpoint.access === 'admin' && !config.admins.has(userID)) return null
  const reading = readBody(request, endpoint, config.strictFields)
  const body = await reading.catch(() => null)
  const pendingSend = body && endpoint.sendTarget?.(config, body.value)
  return { reading, pendingSend: pendingSend ? { operationID, ...pendingSend } : undefined }
}

/** OpenIM: the operationID is checked first, then the token, then the body. */
async function contextFor(
  endpoint: Endpoint,
  { context, afterReply }: AppEnv['Variables'],
  request: Request,
  env: Bindings,
  pendingSend?: PendingRestSend,
): Promise<CallerContext> {
  let ctx = context
  if (ctx.operationID === '' && endpoint.quirks?.operationIDInBody) {
    ctx = createContext(env, await operationIDOf(request), afterReply, context.publicURL, context.clientIP)
  }
  if (ctx.operationID === '') throw ImError.args('the header `operationID` is missing')
  // The type of a public handler has no caller, so the handler cannot read it.
  if (endpoint.access === 'public') return ctx as CallerContext
  const caller = await callerOf(ctx, request.headers.get('token'), endpoint.access, pendingSend)
  await limitCaller(ctx, caller, env)
  return { ...ctx, caller }
}

/** The error of a malformed body, for an endpoint that answers it with its own status; rethrows any other error. */
function bodyError({ quirks }: Endpoint, error: unknown): ImError {
  if (!(error instanceof ImError) || quirks?.badBodyStatus === undefined) throw error
  return error
}

export function newContext(env: Bindings, request: Request, afterReply: AfterReply): Context {
  const operationID = request.headers.get('operationID') || fallbackOperationID(request)
  return createContext(env, operationID, afterReply, publicURLOf(request), clientIPOf(request))
}

/**
 * The operationID of a request without the header. A POST gets none, because calls must send the header. Any other
 * request may have a query parameter, or gets a new ID for the log.
 */
function fallbackOperationID(request: Request): string {
  if (request.method === 'POST') return ''
  return new URL(request.url).searchParams.get('operationID') || `http_${messageID()}`
}
