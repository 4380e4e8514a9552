import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Product } from '../contenders/contender.ts'
import { residentBytesOf } from '../load/cpu.ts'
import { Requester } from '../load/requester.ts'
import { LoadSocket } from '../load/socket.ts'
import { percentile } from '../load/stats.ts'
import type { Scenario } from './scenario.ts'

const PER_SECOND = 500
const FIRST_USER = 50_000
/** An object hibernates ten seconds after its last event; then its memory is given back. */
const UNTIL_HIBERNATED_MS = 16_000

/**
 * Users connect at 500 a second and sync, then stay idle until their objects hibernate. Each step adds as many, so what
 * one thousand more cost is the difference between two steps. The floor only connects.
 */
export const crowd: Scenario = {
  name: 'crowd',
  async run({ naive, json }, { repeats, idleSockets }, report) {
    const open: { close(): Promise<void> }[] = []
    const contenders = [
      { contender: naive, arrive: (user: number) => connectOnly(naive, user) },
      { contender: json, arrive: (user: number) => connectAndSync(json, user) },
    ]
    const resident = new Map<Contender, number>()
    for (let repeat = 0; repeat <= repeats; repeat++) {
      const users = Array.from({ length: idleSockets }, (_, i) => FIRST_USER + repeat * idleSockets + i)
      for (const { contender, arrive } of contenders) {
        await contender.prepare(users, [])
        const took = await storm(users, arrive, open)
        // The first thousand bring what is there only once: compiled code, caches.
        if (repeat > 0) {
          report({
            scenario: 'crowd',
            variant: `${PER_SECOND} connects a second`,
            contender: contender.name,
            repeat,
            figures: { p50: percentile(took, 0.5), p99: percentile(took, 0.99) },
          })
        }
      }
      await sleep(UNTIL_HIBERNATED_MS)
      for (const { contender } of contenders) {
        const before = resident.get(contender)
        const now = residentBytesOf(contender.workerdPid())
        if (now === null) continue
        resident.set(contender, now)
        if (before === undefined) continue
        report({
          scenario: 'crowd',
          variant: 'idle, 1,000 more sockets',
          contender: contender.name,
          repeat,
          figures: { megabytes: ((now - before) / 2 ** 20) * (1_000 / idleSockets) },
        })
      }
    }
    await Promise.all(open.map((socket) => socket.close()))
  },
}

/** Lets users arrive at the given pace, whether or not those before them are done. */
async function storm(
  users: readonly number[],
  arrive: (user: number) => Promise<{ close(): Promise<void> }>,
  open: { close(): Promise<void> }[],
): Promise<number[]> {
  const took: number[] = []
  const begin = performance.now()
  const arrivals = users.map(async (user, i) => {
    await sleep(Math.max(0, (i * 1_000) / PER_SECOND - (performance.now() - begin)))
    const started = performance.now()
    open.push(await arrive(user))
    took.push(performance.now() - started)
  })
  await Promise.all(arrivals)
  return took
}

function connectOnly({ wire }: Contender, user: number): Promise<LoadSocket> {
  return LoadSocket.open(wire.address(user), { onBinary: () => {}, onGone: () => {} }, wire.greets)
}

async function connectAndSync(product: Product, user: number): Promise<Requester> {
  const device = await Requester.connect(product, user)
  await device.sync()
  return device
}
