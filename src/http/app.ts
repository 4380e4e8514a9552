import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { AfterReply } from '../platform/after-reply.ts'
import { configOf } from '../platform/config.ts'
import type { Endpoint } from '../platform/endpoint.ts'
import { ImError } from '../protocol/errors.ts'
import { errorReply } from '../protocol/reply.ts'
import { callerOf } from './auth.ts'
import { mountFiles } from './files.ts'
import { readiness } from './health.ts'
import { type AppEnv, mount, newContext } from './mount.ts'
import { mountDocs } from './mount-docs.ts'
import { envelope } from './reply.ts'
import { GATEWAY_PATHS, openGateway } from './ws.ts'

/** How long a browser may remember that calls from other origins are allowed. */
const PREFLIGHT_SECONDS = 172_800

const NOT_FOUND = 404
const SERVICE_UNAVAILABLE = 503

/** The REST surface and the sockets' way in, over a list of endpoints. */
export function createApp(endpoints: readonly Endpoint[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>()

  app.use('*', async (c, next) => {
    const { refusal } = configOf(c.env)
    if (refusal === null) return next()
    const error = ImError.internal(`this deployment does not serve: ${refusal}`)
    return envelope(errorReply(error), SERVICE_UNAVAILABLE)
  })

  app.use('*', async (c, next) => {
    const isUpgrade = c.req.header('upgrade')?.toLowerCase() === 'websocket'
    if (isUpgrade && GATEWAY_PATHS.has(c.req.path)) return openGateway(c.req.raw, c.env)
    return next()
  })

  app.use(
    '*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      // OpenIM's SDKs send operationID, token and reqFuncName; the preflight's own list is allowed as it is.
      maxAge: PREFLIGHT_SECONDS,
    }),
  )

  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    const state = await readiness(c.env)
    return c.json(state, state.ready ? 200 : SERVICE_UNAVAILABLE)
  })
  mountDocs(app, endpoints)

  app.use('*', async (c, next) => {
    const afterReply = new AfterReply()
    c.set('afterReply', afterReply)
    c.set('context', newContext(c.env, c.req.raw, afterReply))
    await next()
    c.executionCtx.waitUntil(afterReply.run(c.var.context.log))
  })
  mount(app, endpoints)
  mountFiles(app)

  app.notFound(async (c) => {
    const error = await refusalOfUnknown(c.var.context, c.req.raw)
    return envelope(errorReply(error), c.req.method === 'POST' ? undefined : NOT_FOUND)
  })

  app.onError((error, c) => {
    const known = error instanceof ImError ? error : internalError(error, c.var.context)
    return envelope(errorReply(known))
  })

  return app
}

/** As with OpenIM, a path that does not exist is told only to those who may call at all. */
async function refusalOfUnknown(ctx: AppEnv['Variables']['context'], request: Request): Promise<ImError> {
  if (request.method !== 'POST') return ImError.notFound('there is nothing at this path')
  if (ctx.operationID === '') return ImError.args('the header `operationID` is missing')
  try {
    await callerOf(ctx, request.headers.get('token'), 'token')
  } catch (error) {
    if (error instanceof ImError) return error
    throw error
  }
  return ImError.notFound('there is no such call')
}

function internalError(error: Error, ctx: AppEnv['Variables']['context']): ImError {
  ctx.log.error('a call failed', error)
  return ImError.internal('the call could not be completed; try again')
}
