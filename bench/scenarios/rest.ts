import { Agent } from 'node:http'
import type { Contender, Product, Speaker } from '../contenders/contender.ts'
import { messageFrame } from '../floor/frame.ts'
import { Backend, post } from '../load/backend.ts'
import { Stage } from '../load/drive.ts'
import { Requester } from '../load/requester.ts'
import { percentile } from '../load/stats.ts'
import { pairsOf } from './bursts.ts'
import type { Result, Scenario } from './scenario.ts'

const CALLERS = 50
const FIRST_USER = 10_000
/** The user whose token calls the protocol floor. */
const ADMIN = 9_999
const VARIANT = `${CALLERS} × 1`

/**
 * An app server sends messages in the names of 50 users, one message at a time per user. The naive floor gets messages
 * by HTTP calls and by sockets; the target is relative to its sockets. The protocol floor gets `/msg/send_msg` calls.
 */
export const restSend: Scenario = {
  name: 'REST send',
  async run({ naive, protocolJson, json }, { burstSeconds, repeats }, report) {
    const sides = [floorCaller(naive), await protocolCaller(protocolJson), await productCaller(json)]
    const stage = await Stage.open(naive, pairsOf(CALLERS))
    const { messagesPerSecond } = await stage.burst(CALLERS * 20, 1)
    for (const { sendFor } of sides) await sendFor(1)
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const {
        messagesPerSecond: bySockets,
        ackedP50,
        ackedP99,
      } = await stage.burst(messagesPerSecond * burstSeconds, 1)
      report(resultOf('naive floor, sockets', repeat, { messagesPerSecond: bySockets, ackedP50, ackedP99 }))
      for (const { name, sendFor } of sides) {
        const { answeredAfter, seconds } = await sendFor(burstSeconds)
        report(
          resultOf(name, repeat, {
            messagesPerSecond: answeredAfter.length / seconds,
            ackedP50: percentile(answeredAfter, 0.5),
            ackedP99: percentile(answeredAfter, 0.99),
          }),
        )
      }
    }
    await stage.close()
    for (const { close } of sides) close()
  },
}

/** One contender that an app server calls. */
interface Caller {
  name: string
  /**
   * Sends messages for the given time.
   * @throws when a call was refused, or its message is not in the log exactly once
   */
  sendFor(seconds: number): Promise<Sent>
  close(): void
}

interface Sent {
  answeredAfter: number[]
  /** The number of calls, by the receiver's number. */
  calls: ReadonlyMap<number, number>
  seconds: number
}

type Pair = { from: number; to: number }

const PAIRS: readonly Pair[] = Array.from({ length: CALLERS }, (_, i) => ({
  from: FIRST_USER + 2 * i,
  to: FIRST_USER + 2 * i + 1,
}))

function floorCaller({ server }: Contender): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
  const send = async ({ from, to }: Pair) => {
    const frame = messageFrame({ groupSize: 0, sender: from, receiver: to }, 0)
    return Number(await post(new URL(server.url), agent, {}, frame))
  }
  return callerWithSeqs('naive floor, calls', send, () => agent.destroy())
}

async function protocolCaller(protocol: Contender & Speaker): Promise<Caller> {
  await protocol.prepare([ADMIN], [])
  const backend = new Backend(protocol, protocol.tokenOf(ADMIN), CALLERS)
  const send = async ({ from, to }: Pair) => {
    const answer = JSON.parse(await backend.send(from, to)) as { data: { seq: number } }
    return answer.data.seq
  }
  return callerWithSeqs('protocol floor, /msg/send_msg', send, () => backend.close())
}

/** A contender whose answer to a message has the message's seq. */
function callerWithSeqs(name: string, send: (pair: Pair) => Promise<number>, close: () => void): Caller {
  const newest = new Map<number, number>()
  return {
    name,
    async sendFor(seconds) {
      const before = new Map(newest)
      const sent = await keepSending(seconds, async (pair) => {
        newest.set(pair.to, await send(pair))
      })
      verify(sent, before, newest)
      return sent
    },
    close,
  }
}

async function productCaller(product: Product): Promise<Caller> {
  await product.prepare(
    PAIRS.flatMap(({ from, to }) => [from, to]),
    [],
  )
  const backend = await Backend.of(product, CALLERS)
  return {
    name: 'product, /msg/send_msg',
    async sendFor(seconds) {
      const before = await newestSeqs(product)
      const sent = await keepSending(seconds, async ({ from, to }) => {
        await backend.send(from, to)
      })
      verify(sent, before, await newestSeqs(product))
      return sent
    },
    close: () => backend.close(),
  }
}

async function keepSending(seconds: number, send: (pair: Pair) => Promise<void>): Promise<Sent> {
  const begin = performance.now()
  const answeredAfter: number[] = []
  const calls = new Map(PAIRS.map(({ to }) => [to, 0]))
  const caller = async (pair: Pair) => {
    for (let now = performance.now(); now - begin < seconds * 1_000; now = performance.now()) {
      await send(pair)
      answeredAfter.push(performance.now() - now)
      calls.set(pair.to, (calls.get(pair.to) ?? 0) + 1)
    }
  }
  await Promise.all(PAIRS.map(caller))
  return { answeredAfter, calls, seconds: (performance.now() - begin) / 1_000 }
}

const chatOf = (product: Product, { from, to }: Pair) =>
  `si_${[from, to]
    .map((user) => product.userID(user))
    .sort()
    .join('_')}`

/** The newest seq of each conversation of the product, by its receiver. */
async function newestSeqs(product: Product): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (const pair of PAIRS) {
    const device = await Requester.connect(product, pair.to)
    found.set(pair.to, (await device.sync())[chatOf(product, pair)] ?? 0)
    await device.close()
  }
  return found
}

/** Checks that the log has exactly one message per answered call. */
function verify({ calls }: Sent, before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): void {
  for (const { to } of PAIRS) {
    const grown = (after.get(to) ?? 0) - (before.get(to) ?? 0)
    if (grown !== calls.get(to)) throw new Error(`user ${to} has ${grown} more messages after ${calls.get(to)} calls`)
  }
}

function resultOf(contender: string, repeat: number, figures: Record<string, number>): Result {
  return { scenario: 'REST send', variant: VARIANT, contender, repeat, figures }
}
