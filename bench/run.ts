/**
 * `npm run bench`: starts the floors and the product in workerd, drives them over real sockets, and writes what it
 * found to bench/results/ and docs/performance.md. `--quick` takes about five minutes; `--only one-to-one,history`
 * runs some scenarios; `--no-docs` leaves the document as it is.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../scripts/local/settings.ts'
import { startFloor, startProduct } from './contenders/contender.ts'
import { document } from './report/document.ts'
import { summarize } from './report/summary.ts'
import { group, oneToOne } from './scenarios/bursts.ts'
import { crowd } from './scenarios/crowd.ts'
import { history } from './scenarios/history.ts'
import { reconnect } from './scenarios/reconnect.ts'
import { restSend } from './scenarios/rest.ts'
import type { Pace, Result } from './scenarios/scenario.ts'

const SCENARIOS = [oneToOne, group, restSend, history, reconnect, crowd]
const THOROUGH: Pace = { burstSeconds: 5, repeats: 5, idleSockets: 1_000 }
const QUICK: Pace = { burstSeconds: 1, repeats: 3, idleSockets: 500 }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-docs': { type: 'boolean', default: false },
  },
})
const wanted = options.only?.split(',') ?? SCENARIOS.map(({ name }) => name)
const unknown = wanted.find((name) => SCENARIOS.every((scenario) => scenario.name !== name))
if (unknown !== undefined) {
  console.error(`There is no scenario ${unknown}; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

const pace = options.quick ? QUICK : THOROUGH
const folder = join(ROOT, 'bench/results')
mkdirSync(folder, { recursive: true })
const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.jsonl`)
const results: Result[] = []

const [naive, batched, product] = await Promise.all([startFloor('naive'), startFloor('batched'), startProduct()])
const contenders = { naive, batched, ...product }
try {
  for (const scenario of SCENARIOS.filter(({ name }) => wanted.includes(name))) {
    await scenario.run(contenders, pace, (result) => {
      results.push(result)
      appendFileSync(file, `${JSON.stringify({ ...result, at: new Date().toISOString() })}\n`)
      console.log(lineOf(result))
    })
    if (!options['no-docs']) document(scenario.name, summarize(results))
  }
} finally {
  for (const { server } of [naive, batched, product.json]) await server.remove()
}

function lineOf({ scenario, variant, contender, repeat, figures }: Result): string {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
  return `${scenario} | ${variant} | ${contender} | ${repeat} | ${shown.join(', ')}`
}
