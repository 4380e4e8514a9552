/**
 * `npm run bench:cost`: counts the units that Cloudflare bills, on the running product, and writes their price to
 * docs/cost.md. `--quick` leaves out the group of 10,000 members.
 */
import { parseArgs } from 'node:util'
import { bundleAs } from './contenders/bundles.ts'
import { startProduct } from './contenders/contender.ts'
import {
  acquainted,
  type Case,
  connected,
  group,
  loaded,
  lone,
  offline,
  pulls,
  reconnect,
  restSend,
  talking,
} from './cost/cases.ts'
import { documentCosts } from './cost/document.ts'
import type { Counts } from './counting/counts.ts'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })

const { json } = await startProduct({ bundle: await bundleAs('counting', 'bench/counting/worker.ts') })
const count = async () => (await (await fetch(`${json.server.url}/bench/counts`)).json()) as Counts
const cases: Case[] = []
try {
  const add = async (counted: Promise<Case>) => {
    const done = await counted
    cases.push(done)
    console.log(done.label, JSON.stringify({ times: done.times, ...done.counts }))
  }
  const early = await acquainted(json)
  await add(talking(json, count))
  await add(loaded(json, count))
  await add(offline(json, count))
  await add(restSend(json, count, 'online'))
  await add(restSend(json, count, 'offline'))
  await add(group(json, count, 100, 50))
  await add(group(json, count, 1_000, 20))
  if (!options.quick) await add(group(json, count, 10_000, 5))
  await add(pulls(json, count))
  await add(reconnect(json, count))
  await add(connected(json, count))
  await add(lone(early, count))
  await early.close()
} finally {
  await json.server.remove()
}
documentCosts(cases)
