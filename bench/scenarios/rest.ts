import type { Product } from '../contenders/contender.ts'
import { Backend } from '../load/backend.ts'
import { Ledger } from '../load/ledger.ts'
import { Requester } from '../load/requester.ts'
import { percentile } from '../load/stats.ts'
import { userIDOf } from '../wires/product-wire.ts'
import type { Scenario } from './scenario.ts'

const CALLERS = 50
const FIRST_USER = 10_000

/** Messages that an app's backend sends in 50 users' names, one at a time each. */
export const restSend: Scenario = {
  name: 'REST send',
  async run({ json }, { burstSeconds, repeats }, report) {
    const pairs = Array.from({ length: CALLERS }, (_, i) => ({ from: FIRST_USER + 2 * i, to: FIRST_USER + 2 * i + 1 }))
    await json.prepare(
      pairs.flatMap(({ from, to }) => [from, to]),
      [],
    )
    const backend = await Backend.of(json, CALLERS)
    await sendFor(backend, pairs, 1)
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const before = await positions(json, pairs)
      const { answeredAfter, sent, seconds } = await sendFor(backend, pairs, burstSeconds)
      await verify(json, pairs, before, sent)
      report({
        scenario: 'REST send',
        variant: `${CALLERS} × 1`,
        contender: 'product, /msg/send_msg',
        repeat,
        figures: {
          messagesPerSecond: answeredAfter.length / seconds,
          ackedP50: percentile(answeredAfter, 0.5),
          ackedP99: percentile(answeredAfter, 0.99),
        },
      })
    }
    backend.close()
  },
}

type Pair = { from: number; to: number }

async function sendFor(backend: Backend, pairs: readonly Pair[], seconds: number) {
  const begin = performance.now()
  const answeredAfter: number[] = []
  const sent = new Map(pairs.map(({ to }) => [to, 0]))
  const caller = async ({ from, to }: Pair) => {
    for (let now = performance.now(); now - begin < seconds * 1_000; now = performance.now()) {
      await backend.send(from, to)
      answeredAfter.push(performance.now() - now)
      sent.set(to, (sent.get(to) ?? 0) + 1)
    }
  }
  await Promise.all(pairs.map(caller))
  return { answeredAfter, sent, seconds: (performance.now() - begin) / 1_000 }
}

const chatOf = ({ from, to }: Pair) => `si_${[userIDOf(from), userIDOf(to)].sort().join('_')}`

/** Where each conversation stands. */
async function positions(product: Product, pairs: readonly Pair[]): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (const pair of pairs) {
    const device = await Requester.connect(product, pair.to)
    found.set(pair.to, (await device.sync())[chatOf(pair)] ?? 0)
    await device.close()
  }
  return found
}

/** Every call that was answered is one message in the log, and no more. */
async function verify(
  product: Product,
  pairs: readonly Pair[],
  before: ReadonlyMap<number, number>,
  sent: ReadonlyMap<number, number>,
): Promise<void> {
  const after = await positions(product, pairs)
  const ledger = new Ledger(true)
  for (const { to } of pairs) {
    const grown = (after.get(to) ?? 0) - (before.get(to) ?? 0)
    if (grown !== sent.get(to)) ledger.fail(`user ${to} has ${grown} more messages after ${sent.get(to)} calls`)
  }
  if (ledger.fault) throw new Error(ledger.fault)
}
