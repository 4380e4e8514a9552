import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../scripts/local/settings.ts'
import { barChart, numberOf } from './chart.ts'
import { replacePart, tableOf } from './part.ts'
import type { Figure, Summary } from './summary.ts'
import { targetTable } from './targets.ts'

const DOCUMENT = join(ROOT, 'docs/performance.md')
const CHARTS = join(ROOT, 'docs/charts')

/** The presentation of a scenario: the figure of the chart, and the columns of the table. */
interface Layout {
  chart: string
  title: string
  columns: readonly string[]
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  'one-to-one': {
    chart: 'messagesPerSecond',
    title: 'One-to-one: messages a second, by senders × outstanding',
    columns: [
      'messagesPerSecond',
      'deliveredP50',
      'deliveredP99',
      'ackedP50',
      'serverMicrosPerMessage',
      'generatorCpu',
    ],
  },
  group: {
    chart: 'deliveriesPerSecond',
    title: 'Groups: deliveries a second',
    columns: ['deliveriesPerSecond', 'deliveredP50', 'deliveredP99', 'ackedP50', 'generatorCpu'],
  },
  'REST send': {
    chart: 'messagesPerSecond',
    title: 'REST: messages a second',
    columns: ['messagesPerSecond', 'ackedP50', 'ackedP99'],
  },
  history: { chart: 'ms', title: 'History: milliseconds', columns: ['ms', 'requests'] },
  reconnect: { chart: 'ms', title: 'Reconnect: milliseconds', columns: ['ms', 'syncedMs', 'requests'] },
  crowd: { chart: 'p99', title: 'Connects at 500 a second: p99, ms', columns: ['p50', 'p99', 'busyMs', 'megabytes'] },
}

const COLUMN_NAMES: Readonly<Record<string, string>> = {
  messagesPerSecond: 'messages/s',
  deliveriesPerSecond: 'deliveries/s',
  deliveredP50: 'delivered p50, ms',
  deliveredP99: 'delivered p99, ms',
  ackedP50: 'answered p50, ms',
  ackedP99: 'answered p99, ms',
  serverMicrosPerMessage: 'runtime’s CPU, µs/message',
  generatorCpu: 'generator’s CPU, cores',
  ms: 'ms',
  syncedMs: 'of it until synced, ms',
  requests: 'requests',
  p50: 'p50, ms',
  p99: 'p99, ms',
  busyMs: 'main thread of workerd, ms each',
  megabytes: 'MB',
}

/** Replaces a scenario's part of docs/performance.md, and its chart; the other parts stay unchanged. */
export function document(scenario: string, summaries: readonly Summary[]): void {
  const layout = LAYOUTS[scenario]
  const own = summaries.filter((summary) => summary.scenario === scenario)
  if (!layout || own.length === 0) return
  const chart = `${scenario.replaceAll(' ', '-')}.svg`
  mkdirSync(CHARTS, { recursive: true })
  writeFileSync(join(CHARTS, chart), chartOf(layout, own))
  const repeats = Math.max(...own.map((summary) => summary.repeats))
  const part = [
    `![${layout.title}](charts/${chart})`,
    figureTable(layout, own),
    targetTable(summaries, scenario),
    `Medians of ${repeats} alternating repeats (± half of their range), ${new Date().toISOString().slice(0, 10)}, ${machine()}.`,
  ]
  replacePart(DOCUMENT, scenario, part.filter((text) => text !== '').join('\n\n'))
}

function chartOf({ chart, title }: Layout, summaries: readonly Summary[]): string {
  const shown = summaries.filter((summary) => summary.figures[chart])
  const variants = Map.groupBy(shown, (summary) => summary.variant)
  return barChart(
    title,
    [...variants].map(([label, cells]) => ({
      label,
      bars: cells.map(({ contender, figures }) => {
        const { median: value, low, high } = figures[chart] as Figure
        return { name: contender, value, low, high }
      }),
    })),
  )
}

function figureTable({ columns }: Layout, summaries: readonly Summary[]): string {
  const used = columns.filter((column) => summaries.some(({ figures }) => figures[column]))
  const head = ['', '', ...used.map((column) => COLUMN_NAMES[column] ?? column)]
  const rows = summaries.map(({ variant, contender, figures }) => [
    variant,
    contender,
    ...used.map((column) => shown(figures[column])),
  ])
  return tableOf(head, rows)
}

function shown(figure: Figure | undefined): string {
  if (!figure) return ''
  const { median, spread } = figure
  return spread === 0 ? numberOf(median) : `${numberOf(median)} ± ${Math.round(spread * 100)} %`
}

function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`
}
