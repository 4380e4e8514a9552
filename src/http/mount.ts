import type { Hono } from 'hono'
import type { Bindings } from '../env.ts'
import { type CallerContext, type Context, createContext } from '../platform/context.ts'
import type { Endpoint } from '../platform/endpoint.ts'
import { ImError } from '../protocol/errors.ts'
import { okReply } from '../protocol/reply.ts'
import { callerOf } from './auth.ts'
import { readBody } from './body.ts'
import { envelope } from './reply.ts'

export type AppEnv = { Bindings: Bindings; Variables: { context: Context } }

/** OpenIM's nginx examples put the REST API under /api, its ports at the root: both work. */
const PREFIXES = ['', '/api']

/** Registers every endpoint with the router. */
export function mount(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  for (const prefix of PREFIXES) {
    for (const endpoint of endpoints) {
      app.post(prefix + endpoint.path, async (c) => {
        const ctx = await contextFor(endpoint, c.var.context, c.req.raw)
        const { value, form } = await readBody(c.req.raw, endpoint)
        const result = await endpoint.handle(ctx, value)
        if (form === 'json' || !endpoint.protobuf) return envelope(okReply(result))
        return envelope(okReply(Buffer.from(endpoint.protobuf.encode(result)).toString('base64')))
      })
    }
  }
}

/** OpenIM asks for the operationID before anything else, then for the token, then looks at the body. */
async function contextFor(endpoint: Endpoint, ctx: Context, request: Request): Promise<CallerContext> {
  if (ctx.operationID === '') throw ImError.args('the header `operationID` is missing')
  // A public handler does not look at the caller; its type does not let it.
  if (endpoint.access === 'public') return ctx as CallerContext
  return { ...ctx, caller: await callerOf(ctx, request.headers.get('token'), endpoint.access) }
}

export function newContext(env: Bindings, request: Request): Context {
  return createContext(env, request.headers.get('operationID') ?? '')
}
