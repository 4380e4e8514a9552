import { setTimeout as sleep } from 'node:timers/promises'
import { type Contender, type Speaker, startFloor, startProduct, startProtocolFloor } from '../contenders/contender.ts'
import { mainThreadMsOf, residentBytesOf } from '../load/cpu.ts'
import { Requester } from '../load/requester.ts'
import { LoadSocket } from '../load/socket.ts'
import { percentile } from '../load/stats.ts'
import type { Result, Scenario } from './scenario.ts'

const PER_SECOND = 500
const FIRST_USER = 50_000
/** An object hibernates ten seconds after its last event; then its memory is given back. */
const UNTIL_HIBERNATED_MS = 16_000

/**
 * Users connect at 500 a second and sync, then stay idle until their objects hibernate. Each step adds as many, so what
 * one thousand more cost is the difference between two steps. The naive floor only connects. Servers of their own, because
 * what earlier scenarios left in memory would hide what is added; every user was there before, and is gone. The state is
 * in memory: on disk, making the files of a database that is opened takes longer than the connect.
 */
export const crowd: Scenario = {
  name: 'crowd',
  async run(_contenders, { repeats, idleSockets }, report) {
    const [naive, { json: protocol }, { json }] = await Promise.all([
      startFloor('naive', 'memory'),
      startProtocolFloor('memory'),
      startProduct({ place: 'memory' }),
    ])
    const contenders = [naive, protocol, json]
    try {
      const steps = Array.from({ length: repeats + 1 }, (_, step) =>
        Array.from({ length: idleSockets }, (_, i) => FIRST_USER + step * idleSockets + i),
      )
      const users = steps.flat()
      for (const contender of contenders) await contender.prepare(users, [])
      // Each object that is there keeps files open, of which a process may have so many.
      for (const step of steps) await Promise.all([naive, protocol].map((floor) => letIn(floor, step)))
      // What preparing left in memory would be filled again before the process grows.
      for (const { server } of contenders) await server.restart()
      const sides = [
        { contender: naive, arrive: (user: number) => connectOnly(naive, user) },
        { contender: protocol, arrive: (user: number) => connectAndSync(protocol, user) },
        { contender: json, arrive: (user: number) => connectAndSync(json, user) },
      ]
      await runSteps(sides, steps, report)
    } finally {
      for (const { server } of contenders) await server.remove()
    }
  },
}

/** Users connect for the first time and go, and their objects end. */
async function letIn(floor: Contender, users: readonly number[]): Promise<void> {
  const sockets: LoadSocket[] = []
  await storm(users, (user) => connectOnly(floor, user), sockets)
  await Promise.all(sockets.map((socket) => socket.close()))
  await sleep(UNTIL_HIBERNATED_MS)
}

interface Side {
  contender: Contender
  arrive(user: number): Promise<{ close(): Promise<void> }>
}

async function runSteps(
  sides: readonly Side[],
  steps: readonly number[][],
  report: (result: Result) => void,
): Promise<void> {
  const open: { close(): Promise<void> }[] = []
  const resident = new Map<Contender, number>()
  for (const [step, users] of steps.entries()) {
    const tell = (variant: string, { name: contender }: Contender, figures: Record<string, number>) => {
      // The first step brings what is there only once: compiled code, caches.
      if (step > 0) report({ scenario: 'crowd', variant, contender, repeat: step, figures })
    }
    for (const { contender, arrive } of sides) {
      const before = mainThreadMsOf(contender.workerdPid())
      const took = await storm(users, arrive, open)
      const after = mainThreadMsOf(contender.workerdPid())
      tell(`${PER_SECOND} connects a second`, contender, {
        p50: percentile(took, 0.5),
        p99: percentile(took, 0.99),
        ...(before !== null && after !== null && { busyMs: (after - before) / users.length }),
      })
    }
    await sleep(UNTIL_HIBERNATED_MS)
    for (const { contender } of sides) {
      const now = residentBytesOf(contender.workerdPid())
      if (now === null) continue
      const megabytes = (now - (resident.get(contender) ?? 0)) / 2 ** 20
      resident.set(contender, now)
      tell('idle, 1,000 more sockets', contender, { megabytes: megabytes * (1_000 / users.length) })
    }
  }
  await Promise.all(open.map((socket) => socket.close()))
}

/** Lets users arrive at the given pace, whether or not those before them are done. */
async function storm<Socket>(
  users: readonly number[],
  arrive: (user: number) => Promise<Socket>,
  open: Socket[],
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

async function connectAndSync(speaker: Speaker, user: number): Promise<Requester> {
  const device = await Requester.connect(speaker, user)
  await device.sync()
  return device
}
