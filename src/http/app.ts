import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { configOf } from '../config/index.ts'
import { withOverrides } from '../config/overrides.ts'
import type { Bindings } from '../env.ts'
import { DAY_SECONDS } from '../platform/durations.ts'
import { annotateTrace } from '../platform/observability/trace.ts'
import { ImError } from '../protocol/errors.ts'
import { errorReply } from '../protocol/reply.ts'
import { AfterReply } from '../runtime/after-reply.ts'
import { count, flushCountsSoon, isFlushDue } from '../runtime/counters.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { callerOf } from './auth.ts'
import { gatewayAddressOf, openGateway } from './device-gateway.ts'
import { mountDocsRoutes } from './docs/docs-routes.ts'
import { exposing, nameUnknownFields } from './exposed-headers.ts'
import { mountFileRoutes } from './file-routes.ts'
import { readiness } from './health.ts'
import { mountHomeRoute } from './home/home-route.ts'
import { mountMetricsRoutes } from './metrics-routes.ts'
import { type AppEnv, mountEndpoints, newContext, PREFIXES } from './mount-endpoints.ts'
import { limitAddress, limitCaller } from './rate-limits.ts'
import { envelope } from './reply.ts'

const HEALTH_PATH = '/healthz'
const READY_PATH = '/readyz'
const PROBE_PATHS: ReadonlySet<string> = new Set([HEALTH_PATH, READY_PATH])

/** Any page may call the API: a call is authorised by its token, never by a cookie or its origin. */
const ANY_ORIGIN = '*'

/** Browsers may cache the answer to a preflight for two days. */
const PREFLIGHT_SECONDS = 2 * DAY_SECONDS

const NOT_FOUND = 404
const TOO_MANY_REQUESTS = 429
/** The rate counters restart every minute. */
const RETRY_AFTER_SECONDS = '60'
const SERVICE_UNAVAILABLE = 503

/** Builds the REST app for a list of endpoints. */
export function createApp(endpoints: readonly Endpoint[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  /** The endpoint's path, under which metrics count a request, by the path with its prefix. */
  const paths = new Map(PREFIXES.flatMap((prefix) => endpoints.map(({ path }) => [prefix + path, path] as const)))

  // Few middlewares that do much: each one costs a call as much as reading its body.
  app.use('*', async (c, next) => {
    const refusal = refusalOf(c.env)
    if (refusal) return refusal
    // Probes do not depend on run-time settings, and must answer while D1 is down.
    if (!PROBE_PATHS.has(c.req.path)) await withOverrides(c.env, (work) => c.executionCtx.waitUntil(work))
    await next()
    // Hono's `cors` middleware would copy every response in order to add this header.
    c.res.headers.set('access-control-allow-origin', ANY_ORIGIN)
  })

  app.options(
    '*',
    cors({
      origin: ANY_ORIGIN,
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      // OpenIM's SDKs send the headers operationID, token and reqFuncName; every requested header is allowed.
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
    const unknownFields = c.get('unknownFields')
    if (unknownFields) nameUnknownFields(c.res, unknownFields)
    if (afterReply.hasTasks) c.executionCtx.waitUntil(afterReply.run(context.log))
    const path = paths.get(c.req.path)
    if (path === undefined) return
    const code = c.error ? knownError(c.error).code : (c.get('errCode') ?? 0)
    count('api_count', { path, code: String(code) })
    if (isFlushDue()) c.executionCtx.waitUntil(flushCountsSoon(c.env))
  })

  app.use('*', async (c, next) => {
    await limitAddress(c.get('context'), c.req.raw, c.env)
    return next()
  })
  mountHomeRoute(app)
  mountDocsRoutes(app, endpoints)
  mountEndpoints(app, endpoints)
  mountFileRoutes(app)
  mountMetricsRoutes(app)

  app.notFound(async (c) => {
    const error = await refusalOfUnknown(c.var.context, c.req.raw, c.env)
    return refusal(error, NOT_FOUND)
  })

  app.onError((error, c) => {
    if (!(error instanceof ImError)) c.var.context.log.error('REST call failed', error)
    return refusal(knownError(error))
  })

  return app
}

/** The Worker's `fetch`. Connecting devices skip the middlewares of the REST app. */
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
    if (isFlushDue()) context.waitUntil(flushCountsSoon(env))
    return response
  }
}

/** The answer to every request when the deployment's settings are not valid; null when they are. */
function refusalOf(env: Bindings): Response | null {
  const { refusal } = configOf(env)
  if (refusal === null) return null
  const error = ImError.internal(`this deployment refuses all requests: ${refusal}`)
  return envelope(errorReply(error), SERVICE_UNAVAILABLE)
}

/** The answer to a refused call. OpenIM: its status is 200 like that of every answer; clients read the envelope. */
function refusal(error: ImError, status?: number): Response {
  if (error.code !== TOO_MANY_REQUESTS) return envelope(errorReply(error), status)
  const response = envelope(errorReply(error), TOO_MANY_REQUESTS)
  response.headers.set('retry-after', RETRY_AFTER_SECONDS)
  return exposing(response)
}

/**
 * The refusal of a call to an unknown path, which has the HTTP status 404. OpenIM: its body says so only to callers with a
 * valid token; the others get their own error.
 */
async function refusalOfUnknown(
  ctx: AppEnv['Variables']['context'],
  request: Request,
  env: Bindings,
): Promise<ImError> {
  if (request.method !== 'POST') return ImError.notFound('this path does not exist')
  if (ctx.operationID === '') return ImError.args('the header `operationID` is missing')
  try {
    await limitCaller(ctx, await callerOf(ctx, request.headers.get('token'), 'token'), env)
  } catch (error) {
    if (error instanceof ImError) return error
    throw error
  }
  return ImError.notFound('this call does not exist')
}

/** The error that the caller gets: an unexpected one is replaced, so that it reveals nothing. */
function knownError(error: Error): ImError {
  return error instanceof ImError ? error : ImError.internal('the call could not be completed; try again')
}
