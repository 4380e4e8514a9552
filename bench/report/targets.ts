import { numberOf } from './chart.ts'
import type { Summary } from './summary.ts'

/** The target of a figure, as a multiple of another figure of the same run. */
interface Target {
  measure: string
  of: Place
  to: Place
  figure: string
  bound: 'at least' | 'at most'
  ratio: number
  /** Multiplies the base, for a sequence of this many round trips. */
  times?: number
}

type Place = readonly [scenario: string, variant: string, contender: string]

const NAIVE = 'naive floor'
/** The protocol floors show the limit of the protocol in the architecture of the naive floor. */
const PROTOCOL_JSON = 'protocol floor, JSON'
const PROTOCOL_GOB = 'protocol floor, gob + gzip'
const JSON_ = 'product, JSON'
const GOB = 'product, gob + gzip'
const LOADED = '50 × 16'

const besides = (floor: string) => (floor === NAIVE ? '' : `, beside the ${floor}`)

const throughput = (variant: string, contender: string, ratio: number, floor = NAIVE): Target => ({
  measure: `one-to-one ${variant}, ${contender}: messages/s${besides(floor)}`,
  of: ['one-to-one', variant, contender],
  to: ['one-to-one', variant, floor],
  figure: 'messagesPerSecond',
  bound: 'at least',
  ratio,
})

const latency = (figure: string, label: string, contender: string, ratio: number, floor = NAIVE): Target => ({
  measure: `one pair, ${contender}: delivered ${label}${besides(floor)}`,
  of: ['one-to-one', '1 × 1', contender],
  to: ['one-to-one', '1 × 1', floor],
  figure,
  bound: 'at most',
  ratio,
})

const fanOut = (variant: string, ratio: number): Target => ({
  measure: `group of ${variant}: deliveries/s`,
  of: ['group', variant, JSON_],
  to: ['group', variant, NAIVE],
  figure: 'deliveriesPerSecond',
  bound: 'at least',
  ratio,
})

const storm = (contender: string, ratio: number, floor = NAIVE): Target => ({
  measure:
    floor === NAIVE
      ? `500 connects a second with both sync requests, ${contender}, beside the naive floor’s bare connect: p99`
      : `500 connects a second with both sync requests, ${contender}${besides(floor)}: p99`,
  of: ['crowd', '500 connects a second', contender],
  to: ['crowd', '500 connects a second', floor],
  figure: 'p99',
  bound: 'at most',
  ratio,
})

const rest = (contender: string, ratio: number): Target => ({
  measure: `REST /msg/send_msg, 50 × 1, ${contender}: messages/s`,
  of: ['REST send', '50 × 1', `${contender}, /msg/send_msg`],
  to: ['REST send', '50 × 1', 'naive floor, sockets'],
  figure: 'messagesPerSecond',
  bound: 'at least',
  ratio,
})

const TARGETS: readonly Target[] = [
  throughput(LOADED, JSON_, 3),
  throughput(LOADED, GOB, 2.2),
  throughput('50 × 1', JSON_, 0.9),
  throughput('50 × 1', GOB, 0.9),
  throughput('50 × 1', PROTOCOL_JSON, 0.9),
  throughput('50 × 1', PROTOCOL_GOB, 0.9),
  throughput('50 × 1', JSON_, 0.9, PROTOCOL_JSON),
  throughput('50 × 1', GOB, 0.9, PROTOCOL_GOB),
  latency('deliveredP50', 'p50', JSON_, 1.25),
  latency('deliveredP99', 'p99', JSON_, 1.4),
  latency('deliveredP50', 'p50', PROTOCOL_JSON, 1.25),
  latency('deliveredP99', 'p99', PROTOCOL_JSON, 1.4),
  latency('deliveredP50', 'p50', JSON_, 1.25, PROTOCOL_JSON),
  latency('deliveredP99', 'p99', JSON_, 1.4, PROTOCOL_JSON),
  fanOut('100 members, 1 × 4', 1.2),
  fanOut('100 members, 20 × 4', 3),
  rest('product', 0.6),
  rest('protocol floor', 0.6),
  {
    measure: '1,000 more hibernating sockets: memory',
    of: ['crowd', 'idle, 1,000 more sockets', JSON_],
    to: ['crowd', 'idle, 1,000 more sockets', NAIVE],
    figure: 'megabytes',
    bound: 'at most',
    ratio: 1.25,
  },
  storm(JSON_, 3),
  storm(PROTOCOL_JSON, 3),
  storm(JSON_, 3, PROTOCOL_JSON),
  {
    measure: 'reconnect and pull of 200 missed messages, beside the floor’s round trip × 5 requests: p50',
    of: ['history', 'reconnect, 200 missed', JSON_],
    to: ['history', 'round trip', NAIVE],
    figure: 'ms',
    bound: 'at most',
    ratio: 2,
    times: 5,
  },
]

/** A table of the targets whose two figures were measured; "" when there are no such targets. */
export function targetTable(summaries: readonly Summary[], scenario: string): string {
  const rows = TARGETS.filter(({ of }) => of[0] === scenario).flatMap((target) => {
    const measured = ratioOf(target, summaries)
    if (measured === null) return []
    const met = target.bound === 'at least' ? measured >= target.ratio : measured <= target.ratio
    const wanted = `${target.bound} ${target.ratio} ×`
    return [`| ${target.measure} | ${wanted} | ${numberOf(measured)} × | ${met ? 'met' : 'missed'} |`]
  })
  if (rows.length === 0) return ''
  return [
    '| target, as a multiple of the naive floor unless another is named | wanted | measured | |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function ratioOf({ of, to, figure, times = 1 }: Target, summaries: readonly Summary[]): number | null {
  const [own, base] = [of, to].map(
    ([scenario, variant, contender]) =>
      summaries.find((s) => s.scenario === scenario && s.variant === variant && s.contender === contender)?.figures[
        figure
      ]?.median,
  )
  return own === undefined || base === undefined ? null : own / (base * times)
}
