import type { Hono } from 'hono'
import { ERRORS, ImError } from '../protocol/errors.ts'
import { answerMetrics } from './metrics.ts'
import { type AppEnv, PREFIXES } from './mount.ts'

/** OpenIM's services, each of which a Prometheus may look for. */
const SERVICES = 'api user group msg friend conversation third auth push msg_gateway msg_transfer'.split(' ')

const METRICS_PATH = '/metrics'
const FOUND = 302
const UNAUTHORIZED = 401
const FORBIDDEN = 403
const NOT_FOUND = 404

/** What Prometheus and its people ask for. */
export function mountPrometheus(app: Hono<AppEnv>): void {
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
      // OpenIM redirects to nowhere in this case.
      if (grafanaURL === null) return c.text('there is no dashboard; OPENIM_GRAFANA_URL names one\n', NOT_FOUND)
      return c.redirect(grafanaURL, FOUND)
    })
    for (const service of SERVICES) {
      app.get(`${prefix}/prometheus_discovery/${service}`, (c) => c.json(service === 'api' ? targets(c.req.url) : []))
    }
  }
}

/** There is one program, and it says everything in one place: OpenIM's other services have nothing to add. */
function targets(url: string): { targets: string[]; labels: Record<string, string> }[] {
  const { host, protocol } = new URL(url)
  const labels = { namespace: 'default', __scheme__: protocol.replace(':', ''), __metrics_path__: METRICS_PATH }
  return [{ targets: [host], labels }]
}
