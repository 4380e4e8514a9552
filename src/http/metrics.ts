import type { Gauges } from '../contracts/metrics.ts'
import type { Bindings } from '../env.ts'
import type { Context } from '../runtime/context.ts'
import { COUNTERS, flushCounts, seriesOf } from '../runtime/counters.ts'
import { metricsObject } from '../runtime/rpc/stubs.ts'
import { sameSecret } from '../runtime/same-secret.ts'
import { callerOf } from './auth.ts'

/** The gauges, with their help texts. */
const GAUGES: readonly { name: string; help: string; of: keyof Gauges }[] = [
  { name: 'openim_users', help: 'Registered users, including the accounts of the app', of: 'users' },
  { name: 'openim_groups', help: 'Groups that are not dismissed', of: 'groups' },
  { name: 'openim_conversations', help: 'Conversations with at least one message', of: 'conversations' },
]

const BACKLOG = 'openim_queue_backlog'
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const BEARER = 'Bearer '

/**
 * Answers all metrics in the text format of Prometheus.
 * @throws ImError 1001, 1002, 1501–1507 for callers without the metrics token and without an administrator's token
 */
export async function answerMetrics(ctx: Context, request: Request, env: Bindings): Promise<Response> {
  await requireReader(ctx, request)
  // The answer must include the counts of this isolate.
  await flushCounts(env)
  const object = metricsObject(env)
  const [totals, gauges, backlogs] = await Promise.all([object.totals(), object.gauges(), backlogsOf(env)])
  const lines = [
    ...Object.entries(COUNTERS).flatMap(([name, help]) => family(name, 'counter', help, ofName(totals, name))),
    ...GAUGES.flatMap(({ name, help, of }) => family(name, 'gauge', help, { [name]: gauges[of] })),
    ...family(BACKLOG, 'gauge', 'Jobs waiting in a queue', backlogs),
  ]
  return new Response(`${lines.join('\n')}\n`, { headers: { 'content-type': CONTENT_TYPE } })
}

async function requireReader(ctx: Context, request: Request): Promise<void> {
  const given = request.headers.get('authorization') ?? ''
  const { metricsToken } = ctx.config
  if (metricsToken !== '' && given.startsWith(BEARER) && (await sameSecret(given.slice(BEARER.length), metricsToken))) {
    return
  }
  await callerOf(ctx, request.headers.get('token'), 'admin')
}

async function backlogsOf(env: Bindings): Promise<Record<string, number>> {
  const queues = { push: env.PUSH_QUEUE, transfer: env.TRANSFER_QUEUE, webhook: env.WEBHOOK_QUEUE }
  const backlogs = await Promise.all(
    Object.entries(queues).map(async ([queue, binding]) => {
      const { backlogCount } = await binding.metrics()
      return [seriesOf(BACKLOG, { queue }), backlogCount] as const
    }),
  )
  return Object.fromEntries(backlogs)
}

function ofName(totals: Record<string, number>, name: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(totals).filter(([series]) => series === name || series.startsWith(`${name}{`)),
  )
}

function family(name: string, type: string, help: string, series: Record<string, number>): string[] {
  const samples = Object.entries(series).sort(([a], [b]) => (a < b ? -1 : 1))
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([key, value]) => `${key} ${value}`)]
}
