/**
 * `npm run bench:groups`: measures the cost of a message in groups of 10 to 100,000 members, and the time until the
 * last online member has it. Writes the table of docs/large-groups.md. The group's conversation and relays are the
 * product's own; fake objects replace the members' UserObjects.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../scripts/local/settings.ts'
import { startServer } from '../test/e2e/rig/server.ts'
import { bundleAs } from './contenders/bundles.ts'
import { billOf, objectCallsOf } from './cost/prices.ts'
import type { Measured } from './group-size/measured.ts'
import { median } from './load/stats.ts'
import { replacePart, tableOf } from './report/part.ts'

const SIZES = [10, 100, 1_000, 10_000, 100_000]
const SHARES = [0.01, 0.1]
const MESSAGES = 5
const BURST = 20

const HEAD = [
  'members',
  'online',
  'object calls',
  'rows written',
  'rows read',
  'bytes delivered',
  'dollars per million messages',
  'dollars per million deliveries',
  `object calls, ${BURST} at once`,
  'ms to the last online member',
]

const stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-bench-'))
const bundle = await bundleAs('group-size', 'bench/group-size/worker.ts')
const server = await startServer({ stateDir, env: { SERVE_BUNDLE: bundle, OPENIM_LOG_LEVEL: 'warn' } })
const measured: Measured[] = []
try {
  for (const members of SIZES) {
    for (const share of SHARES) {
      const listening = Math.max(1, Math.round(members * share))
      // In the smallest group both shares mean one online member, so the second measurement is skipped.
      if (measured.some((known) => known.members === members && known.listening === listening)) continue
      const body = JSON.stringify({ members, listening, messages: MESSAGES, burst: BURST })
      const response = await fetch(`${server.url}/bench/group`, { method: 'POST', body })
      if (!response.ok) throw new Error(`${members} members: ${response.status} ${await response.text()}`)
      const done = (await response.json()) as Measured
      measured.push(done)
      console.log(JSON.stringify(done))
    }
  }
} finally {
  await server.remove()
  rmSync(stateDir, { recursive: true, force: true })
}
replacePart(join(ROOT, 'docs/large-groups.md'), 'group sizes', tableOf(HEAD, measured.map(rowOf)))

/** A row of the table, with all figures per message. */
function rowOf({ members, listening, messages, burst, delays, bytes, single, together }: Measured): string[] {
  const each = (count: number, times = messages) => String(Number((count / times).toFixed(1)))
  const dollars = (billOf({ ...single, requests: 0 }).total / messages) * 1e6
  return [
    members.toLocaleString('en-US'),
    listening.toLocaleString('en-US'),
    each(objectCallsOf(single)),
    each(single.rowsWritten + single.alarmsSet),
    each(single.rowsRead),
    Math.round(bytes).toLocaleString('en-US'),
    dollars.toFixed(2),
    (dollars / listening).toFixed(3),
    each(objectCallsOf(together), burst),
    median(delays).toFixed(1),
  ]
}
