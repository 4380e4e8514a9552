import type { Hono } from 'hono'
import { ERRORS, ImError } from '../protocol/errors.ts'
import { answerMetrics } from './metrics.ts'
import { type AppEnv, PREFIXES } from './mount-endpoints.ts'

/** OpenIM's services: an existing Prometheus configuration may discover targets for each of them. */
const SERVICES = 'api user group msg friend conversation third auth push msg_gateway msg_transfer'.split(' ')

const METRICS_PATH = '/metrics'
const FOUND = 302
const UNAUTHORIZED = 401
const FORBIDDEN = 403
const NOT_FOUND = 404

/** Registers the metrics, Prometheus' discovery of targets, and the redirect to the dashboard. */
export function mountMetricsRoutes(app: Hono<AppEnv>): void {
  app.get(METRICS_PATH, async (c) => {
    try {
      return await answerMetrics(c.var.context, c.req.raw, c.env)
    } catch (error) {
      // A scraper reads the status, not OpenIM's envelope.
      if (!(error instanceof ImError)) throw error
      return c.text(`${error.errDlt}\n`, error.code === ERRORS.NoPermissionError.code ? FORBIDDEN : UNAUTHORIZED)
    }
  })
  for (const prefix of PREFIXES) {
    app.get(`${prefix}/third/prometheus`, (c) => {
      const { grafanaURL } = c.var.context.config
      // OpenIM: redirects to an empty address in this case.
      if (grafanaURL === null)
        return c.text('there is no dashboard; set its address in OPENIM_GRAFANA_URL\n', NOT_FOUND)
      return c.redirect(grafanaURL, FOUND)
    })
    for (const service of SERVICES) {
      app.get(`${prefix}/prometheus_discovery/${service}`, (c) => c.json(service === 'api' ? targets(c.req.url) : []))
    }
  }
}

/** The one target: this service answers all metrics at one path, so OpenIM's other services have no targets. */
function targets(url: string): { targets: string[]; labels: Record<string, string> }[] {
  const { host, protocol } = new URL(url)
  const labels = { namespace: 'default', __scheme__: protocol.replace(':', ''), __metrics_path__: METRICS_PATH }
  return [{ targets: [host], labels }]
}
