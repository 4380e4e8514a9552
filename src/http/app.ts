import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { configOf } from '../config/index.ts'
import { withOverrides } from '../config/overrides.ts'
import type { Bindings } from '../env.ts'
import { annotateTrace } from '../platform/observability/trace.ts'
import { ImError } from '../protocol/errors.ts'
import { errorReply } from '../protocol/reply.ts'
import { AfterReply } from '../runtime/after-reply.ts'
import { count, flushCountsSoon, flushIsDue } from '../runtime/counters.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { callerOf } from './auth.ts'
import { mountFiles } from './files.ts'
import { readiness } from './health.ts'
import { type AppEnv, mount, newContext, PREFIXES } from './mount.ts'
import { mountDocs } from './mount-docs.ts'
import { mountPrometheus } from './prometheus.ts'
import { limitAddress, limitCaller } from './rate-limits.ts'
import { envelope } from './reply.ts'
import { gatewayAddressOf, openGateway } from './ws.ts'

const HEALTH_PATH = '/healthz'
const READY_PATH = '/readyz'
const PROBE_PATHS: ReadonlySet<string> = new Set([HEALTH_PATH, READY_PATH])

/** The service trusts tokens alone, so any page may call it. */
const ANY_ORIGIN = '*'

/** How long a browser may remember that calls from other origins are allowed. */
const PREFLIGHT_SECONDS = 172_800

const NOT_FOUND = 404
const TOO_MANY_REQUESTS = 429
/** After a minute the counters begin again. */
const RETRY_AFTER_SECONDS = '60'
const SERVICE_UNAVAILABLE = 503

/** The REST surface over a list of endpoints. */
export function createApp(endpoints: readonly Endpoint[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  /** What each path is counted as. */
  const paths = new Map(PREFIXES.flatMap((prefix) => endpoints.map(({ path }) => [prefix + path, path] as const)))

  // Few steps that do much: each one that a call passes through costs it as much as reading its body.
  app.use('*', async (c, next) => {
    const refusal = refusalOf(c.env)
    if (refusal) return refusal
    // Whether the service is alive and ready does not depend on what it was told to do.
    if (!PROBE_PATHS.has(c.req.path)) await withOverrides(c.env, (work) => c.executionCtx.waitUntil(work))
    await next()
    // Hono's own middleware would have every answer made a second time, to put this into it.
    c.res.headers.set('access-control-allow-origin', ANY_ORIGIN)
  })

  app.options(
    '*',
    cors({
      origin: ANY_ORIGIN,
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      // OpenIM's SDKs send operationID, token and reqFuncName; the preflight's own list is allowed as it is.
      maxAge: PREFLIGHT_SECONDS,
    }),
  )

  app.get(HEALTH_PATH, (c) => c.json({ ok: true }))
  app.get(READY_PATH, async (c) => {
    const state = await readiness(c.env)
    return c.json(state, state.ready ? 200 : SERVICE_UNAVAILABLE)
  })

  app.use('*', async (c, next) => {
    const afterReply = new AfterReply()
    c.set('afterReply', afterReply)
    const context = newContext(c.env, c.req.raw, afterReply)
    c.set('context', context)
    annotateTrace({ operationID: context.operationID })
    await next()
    if (afterReply.waits) c.executionCtx.waitUntil(afterReply.run(context.log))
    const path = paths.get(c.req.path)
    if (path === undefined) return
    const code = c.error ? knownError(c.error).code : (c.get('errCode') ?? 0)
    count('api_count', { path, code: String(code) })
    if (flushIsDue()) c.executionCtx.waitUntil(flushCountsSoon(c.env))
  })

  app.use('*', async (c, next) => {
    await limitAddress(c.get('context'), c.req.raw, c.env)
    return next()
  })
  mountDocs(app, endpoints)
  mount(app, endpoints)
  mountFiles(app)
  mountPrometheus(app)

  app.notFound(async (c) => {
    const error = await refusalOfUnknown(c.var.context, c.req.raw, c.env)
    return envelope(errorReply(error), c.req.method === 'POST' ? undefined : NOT_FOUND)
  })

  app.onError((error, c) => {
    if (!(error instanceof ImError)) c.var.context.log.error('a call failed', error)
    const known = knownError(error)
    if (known.code !== TOO_MANY_REQUESTS) return envelope(errorReply(known))
    const response = envelope(errorReply(known), TOO_MANY_REQUESTS)
    response.headers.set('retry-after', RETRY_AFTER_SECONDS)
    return response
  })

  return app
}

/** The Worker's fetch: devices that connect go past the steps that a call takes. */
export function createFetch(
  endpoints: readonly Endpoint[],
): (request: Request, env: Bindings, context: ExecutionContext) => Promise<Response> {
  const app = createApp(endpoints)
  return async (request, env, context) => {
    const address = gatewayAddressOf(request)
    if (!address) return app.fetch(request, env, context)
    const refusal = refusalOf(env)
    if (refusal) return refusal
    await withOverrides(env, (work) => context.waitUntil(work))
    const response = await openGateway(request, address, env)
    if (flushIsDue()) context.waitUntil(flushCountsSoon(env))
    return response
  }
}

/** What a deployment answers that must not serve as it is set up. */
function refusalOf(env: Bindings): Response | null {
  const { refusal } = configOf(env)
  if (refusal === null) return null
  const error = ImError.internal(`this deployment does not serve: ${refusal}`)
  return envelope(errorReply(error), SERVICE_UNAVAILABLE)
}

/** As with OpenIM, a path that does not exist is told only to those who may call at all. */
async function refusalOfUnknown(
  ctx: AppEnv['Variables']['context'],
  request: Request,
  env: Bindings,
): Promise<ImError> {
  if (request.method !== 'POST') return ImError.notFound('there is nothing at this path')
  if (ctx.operationID === '') return ImError.args('the header `operationID` is missing')
  try {
    await limitCaller(ctx, await callerOf(ctx, request.headers.get('token'), 'token'), env)
  } catch (error) {
    if (error instanceof ImError) return error
    throw error
  }
  return ImError.notFound('there is no such call')
}

/** What the caller is told of an error. */
function knownError(error: Error): ImError {
  return error instanceof ImError ? error : ImError.internal('the call could not be completed; try again')
}
