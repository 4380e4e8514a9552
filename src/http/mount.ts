import type { Hono } from 'hono'
import type { Bindings } from '../env.ts'
import type { AfterReply } from '../platform/after-reply.ts'
import { clientIPOf } from '../platform/client-ip.ts'
import { type CallerContext, type Context, createContext } from '../platform/context.ts'
import type { Endpoint } from '../platform/endpoint.ts'
import { messageID } from '../platform/ids.ts'
import { ImError } from '../protocol/errors.ts'
import { errorReply, okReply } from '../protocol/reply.ts'
import { callerOf } from './auth.ts'
import { operationIDOf, readBody } from './body.ts'
import { limitCaller } from './limits.ts'
import { publicURLOf } from './public-url.ts'
import { envelope } from './reply.ts'

export type AppEnv = { Bindings: Bindings; Variables: { context: Context; afterReply: AfterReply; errCode?: number } }

/** OpenIM's nginx examples put the REST API under /api, its ports at the root: both work. */
export const PREFIXES = ['', '/api']

/** Registers every endpoint with the router. */
export function mount(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  for (const prefix of PREFIXES) {
    for (const endpoint of endpoints) {
      app.post(prefix + endpoint.path, async (c) => {
        const ctx = await contextFor(endpoint, c.var, c.req.raw, c.env)
        const body = await readBody(c.req.raw, endpoint).catch((error: unknown) => refused(endpoint, error))
        if (body instanceof ImError) {
          c.set('errCode', body.code)
          return envelope(errorReply(body), endpoint.quirks?.badBodyStatus)
        }
        const { value, form } = body
        const result = await endpoint.handle(ctx, value)
        if (!endpoint.protobuf) return envelope(okReply(result))
        if (form === 'json') return envelope(okReply(endpoint.protobuf.toJson(result)))
        return envelope(okReply(Buffer.from(endpoint.protobuf.encode(result)).toString('base64')))
      })
    }
  }
}

/** OpenIM asks for the operationID before anything else, then for the token, then looks at the body. */
async function contextFor(
  endpoint: Endpoint,
  { context, afterReply }: AppEnv['Variables'],
  request: Request,
  env: Bindings,
): Promise<CallerContext> {
  let ctx = context
  if (ctx.operationID === '' && endpoint.quirks?.operationIDInBody) {
    ctx = createContext(env, await operationIDOf(request), afterReply, context.publicURL, context.clientIP)
  }
  if (ctx.operationID === '') throw ImError.args('the header `operationID` is missing')
  // A public handler does not look at the caller; its type does not let it.
  if (endpoint.access === 'public') return ctx as CallerContext
  const caller = await callerOf(ctx, request.headers.get('token'), endpoint.access)
  await limitCaller(ctx, caller, env)
  return { ...ctx, caller }
}

/** What is wrong with a body, where that has a status of its own; any other error goes its usual way. */
function refused({ quirks }: Endpoint, error: unknown): ImError {
  if (!(error instanceof ImError) || quirks?.badBodyStatus === undefined) throw error
  return error
}

export function newContext(env: Bindings, request: Request, afterReply: AfterReply): Context {
  const operationID = request.headers.get('operationID') || ownOperationID(request)
  return createContext(env, operationID, afterReply, publicURLOf(request), clientIPOf(request))
}

/** A call has to name its operation; what fetches a file may do so in the address, or gets a name for the log. */
function ownOperationID(request: Request): string {
  if (request.method === 'POST') return ''
  return new URL(request.url).searchParams.get('operationID') || `http_${messageID()}`
}
