/**
 * `npm run bench`: starts the floors and the product in workerd, drives them over real sockets, and writes the results
 * to bench/results/ and docs/performance.md. `--quick` takes about five minutes. `--only one-to-one,history` runs these
 * scenarios only, and `--variant "50 × 16"` the variants whose label contains the text. `--against dist/serve/…` also
 * measures the product of an earlier bundle. `--no-docs`, `--variant` and `--against` do not change the document.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../scripts/local/settings.ts'
import { startFloor, startProduct, startProtocolFloor } from './contenders/contender.ts'
import { document } from './report/document.ts'
import { type Summary, summarize } from './report/summary.ts'
import { group, oneToOne } from './scenarios/bursts.ts'
import { crowd } from './scenarios/crowd.ts'
import { history } from './scenarios/history.ts'
import { reconnect } from './scenarios/reconnect.ts'
import { restSend } from './scenarios/rest.ts'
import type { Pace, Result } from './scenarios/scenario.ts'

const SCENARIOS = [oneToOne, group, restSend, history, reconnect, crowd]
const THOROUGH = { burstSeconds: 2, repeats: 3, idleSockets: 1_000 }
const QUICK = { burstSeconds: 0.6, repeats: 3, idleSockets: 500 }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    variant: { type: 'string', default: '' },
    against: { type: 'string' },
    'no-docs': { type: 'boolean', default: false },
  },
})
const wanted = options.only?.split(',') ?? SCENARIOS.map(({ name }) => name)
const unknown = wanted.find((name) => SCENARIOS.every((scenario) => scenario.name !== name))
if (unknown !== undefined) {
  console.error(
    `The scenario ${unknown} does not exist. The scenarios are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(1)
}

const pace: Pace = { ...(options.quick ? QUICK : THOROUGH), variant: options.variant }
const isWhole = options.variant === '' && options.against === undefined
const folder = join(ROOT, 'bench/results')
mkdirSync(folder, { recursive: true })
const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.jsonl`)
const results: Result[] = []

const [naive, batched, protocol, product] = await Promise.all([
  startFloor('naive'),
  startFloor('batched'),
  startProtocolFloor(),
  startProduct(),
])
const before = options.against === undefined ? null : await startProduct({ bundle: options.against, name: 'before' })
const contenders = {
  naive,
  batched,
  protocolJson: protocol.json,
  protocolGob: protocol.gob,
  ...product,
  ...(before && { jsonBefore: before.json, gobBefore: before.gob }),
}
try {
  for (const scenario of SCENARIOS.filter(({ name }) => wanted.includes(name))) {
    await scenario.run(contenders, pace, (result) => {
      results.push(result)
      appendFileSync(file, `${JSON.stringify({ ...result, at: new Date().toISOString() })}\n`)
      console.log(lineOf(result))
    })
    if (isWhole && !options['no-docs']) document(scenario.name, summarize(results))
  }
} finally {
  for (const contender of [naive, batched, protocol.json, product.json, before?.json]) await contender?.server.remove()
}

if (!isWhole) for (const summary of summarize(results)) console.log(medianLine(summary))

function medianLine({ scenario, variant, contender, repeats, figures }: Summary): string {
  const shown = Object.entries(figures).map(([name, figure]) => `${name} ${Number(figure.median.toPrecision(4))}`)
  return `${scenario} | ${variant} | ${contender} | median of ${repeats} | ${shown.join(', ')}`
}

function lineOf({ scenario, variant, contender, repeat, figures }: Result): string {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  return `${scenario} | ${variant} | ${contender} | ${repeat} | ${shown.join(', ')}`
}
