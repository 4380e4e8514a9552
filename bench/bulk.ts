/**
 * `npm run bench:bulk`: measures calls that make hundreds of friends or members, and writes the table of
 * docs/performance.md. `--only friend` runs the cases whose label contains the text; then, and with `--no-docs`, the
 * document does not change. `--bundle DIR` measures an earlier bundle of bench/counting/worker.ts.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../scripts/local/settings.ts'
import {
  type BulkCase,
  createdGroup,
  floorConversations,
  floorMembers,
  friends,
  friendsAtOnce,
  invited,
} from './bulk/cases.ts'
import { countsOf, type Waited, type Work, waitedFor, workOf } from './bulk/measure.ts'
import { bundleAs } from './contenders/bundles.ts'
import { type Product, startFloor, startProduct } from './contenders/contender.ts'
import { objectCallsOf } from './cost/prices.ts'
import type { Counts } from './counting/counts.ts'
import { replacePart, tableOf } from './report/part.ts'

const CASES = [
  friends(99),
  friendsAtOnce(10, 90),
  friends(599),
  createdGroup(999),
  invited(999, 1),
  invited(999, 1_000),
  invited(3, 50),
  invited(3, 4_000),
]

const HEAD = [
  '',
  'answered, ms',
  'other calls, p99, ms',
  'done, ms',
  'CPU, ms each',
  '× floor',
  'KB written each',
  '× floor',
  'object calls each',
  'rows each',
  'D1 rows each',
]

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    bundle: { type: 'string' },
    'no-docs': { type: 'boolean', default: false },
  },
})

interface Result {
  bulk: BulkCase
  floor: Work
  work: Work
  waited: Waited
  counts: Counts
}

const floor = await startFloor('naive')
const counting = options.bundle ?? (await bundleAs('counting', 'bench/counting/worker.ts'))
const { json: product } = await startProduct({ bundle: counting })
const results: Result[] = []
try {
  await product.prepare([0], [])
  let first = 1_000_000
  for (const bulk of CASES.filter(({ label }) => label.includes(options.only))) {
    // Users of its own for each run, also on the floor.
    const users = () => {
      first += 10_000
      return first
    }
    const ready = async () => {
      const at = users()
      await bulk.prepare(product, at)
      return at
    }
    const floorRun = bulk.unit === 'friend' ? floorConversations : floorMembers
    const [a, b, c, d] = [users(), await ready(), await ready(), await ready()]
    const result = {
      bulk,
      floor: await workOf(floor, () => floorRun(floor, a, bulk.units)),
      work: await workOf(product, () => bulk.run(product, b)),
      waited: await waitedFor(product, () => bulk.run(product, c)),
      counts: await countsOf(
        product,
        () => countOf(product),
        () => bulk.run(product, d),
      ),
    }
    results.push(result)
    console.log(rowOf(result).join(' | '), JSON.stringify(result))
  }
} finally {
  await floor.server.remove()
  await product.server.remove()
}
if (options.only === '' && !options.bundle && !options['no-docs']) {
  replacePart(join(ROOT, 'docs/performance.md'), 'bulk', tableOf(HEAD, results.map(rowOf)))
}

async function countOf({ server }: Product): Promise<Counts> {
  return (await (await fetch(`${server.url}/bench/counts`)).json()) as Counts
}

function rowOf({ bulk, floor, work, waited, counts }: Result): string[] {
  const each = (figure: number, digits = 1) => (figure / bulk.units).toFixed(digits)
  const times = (figure: number, ofFloor: number) => (figure / ofFloor).toFixed(1)
  return [
    bulk.label,
    waited.answeredMs.toFixed(0),
    waited.otherP99.toFixed(0),
    work.doneMs.toFixed(0),
    each(work.cpuMs, 2),
    times(work.cpuMs, floor.cpuMs),
    each(work.writtenBytes / 1024),
    times(work.writtenBytes, floor.writtenBytes),
    each(objectCallsOf(counts)),
    each(counts.rowsWritten + counts.alarmsSet),
    each(counts.d1RowsWritten),
  ]
}
