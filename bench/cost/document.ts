import { join } from 'node:path'
import { ROOT } from '../../scripts/local/settings.ts'
import { replacePart, tableOf } from '../report/part.ts'
import type { Case } from './cases.ts'
import { billOf, objectCallsOf } from './prices.ts'

const DOCUMENT = join(ROOT, 'docs/cost.md')

/** Replaces the tables of docs/cost.md. */
export function documentCosts(cases: readonly Case[]): void {
  replacePart(DOCUMENT, 'dollars', dollarTable(cases))
  replacePart(DOCUMENT, 'counts', countTable(cases))
}

function dollarTable(cases: readonly Case[]): string {
  const head = ['', 'per', 'total', 'rows', 'object requests', 'duration', 'Worker', 'queues, files']
  const rows = cases.map(({ label, per, times, unit, counts }) => {
    const { total, rows, objectRequests, duration, requests, queuesAndFiles } = billOf(counts)
    const dollars = (amount: number) => ((amount / times) * unit).toFixed(2)
    const parts = [rows, objectRequests, duration, requests, queuesAndFiles].map(dollars)
    return [label, per, `**$${dollars(total)}**`, ...parts]
  })
  return tableOf(head, rows)
}

function countTable(cases: readonly Case[]): string {
  const head = ['each', 'rows written', 'rows read', 'object calls', 'frames', 'D1 queries', 'queue messages', 'alarms']
  const rows = cases.map(({ label, times, counts }) => {
    const { rowsWritten, rowsRead, frames, d1Queries, queueMessages, alarmsSet } = counts
    const figures = [rowsWritten, rowsRead, objectCallsOf(counts), frames, d1Queries, queueMessages, alarmsSet]
    return [label, ...figures.map((figure) => each(figure / times))]
  })
  return tableOf(head, rows)
}

function each(figure: number): string {
  return String(Number(figure.toFixed(3)))
}
