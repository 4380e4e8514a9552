import { Stage } from '../load/drive.ts'
import { PULL_AT_ONCE, Requester } from '../load/requester.ts'
import { median } from '../load/stats.ts'
import { pairsOf } from './bursts.ts'
import type { Contenders, Result, Scenario } from './scenario.ts'

const WRITER = 20_000
const READER = 20_001
const ROUNDS = 20

/** A device that was offline connects, syncs and pulls 200 missed messages; a device without messages pulls 1,000. */
export const history: Scenario = {
  name: 'history',
  async run(contenders, { repeats }, report) {
    for (const product of [contenders.json, contenders.gob]) {
      const stage = await Stage.open(product, {
        senders: [{ user: WRITER, target: { user: READER } }],
        clients: [WRITER, READER],
      })
      await stage.burst(1_000, 16)
      await stage.close()
    }
    const floor = await Stage.open(contenders.naive, pairsOf(1))
    await floor.burst(200, 1)
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const { ackedP50 } = await floor.burst(500, 1)
      report(resultOf('round trip', contenders.naive.name, repeat, { ms: ackedP50 }))
      for (const dialect of ['json', 'gob'] as const) await pulls(contenders, dialect, repeat, report)
    }
    await floor.close()
  },
}

async function pulls(
  contenders: Contenders,
  dialect: 'json' | 'gob',
  repeat: number,
  report: (result: Result) => void,
): Promise<void> {
  const product = contenders[dialect]
  const chat = `si_${product.userID(WRITER)}_${product.userID(READER)}`
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now()
    const device = await Requester.connect(product, READER)
    await device.sync()
    await pullNewest(device, chat, 200)
    times.push(performance.now() - begin)
    await device.close()
  }
  // The 5 requests are the connect, two sync requests and two pulls.
  report(resultOf('reconnect, 200 missed', product.name, repeat, { ms: median(times), requests: 5 }))
  const device = await Requester.connect(product, READER)
  const pulled: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now()
    await pullNewest(device, chat, 1_000)
    pulled.push(performance.now() - begin)
  }
  await device.close()
  report(resultOf('pull of 1,000', product.name, repeat, { ms: median(pulled), requests: 10 }))
}

/** Pulls as an SDK does, and checks that every message arrives once and in order. */
async function pullNewest(device: Requester, conversationID: string, count: number): Promise<void> {
  let seq = 1_000 - count
  for (let begin = seq + 1; begin <= 1_000; begin += PULL_AT_ONCE) {
    for (const msg of await device.pull([{ conversationID, begin, end: begin + PULL_AT_ONCE - 1 }])) {
      if (msg.seq !== ++seq) throw new Error(`seq ${msg.seq} was pulled, but ${seq} was expected`)
    }
  }
  if (seq !== 1_000) throw new Error(`the pull ended at seq ${seq} of 1000`)
}

function resultOf(variant: string, contender: string, repeat: number, figures: Record<string, number>): Result {
  return { scenario: 'history', variant, contender, repeat, figures }
}
