import { setTimeout as sleep } from 'node:timers/promises'
import { type Contender, type Speaker, startFloor, startProduct, startProtocolFloor } from '../contenders/contender.ts'
import { mainThreadMsOf, residentBytesOf } from '../load/cpu.ts'
import { Requester } from '../load/requester.ts'
import { LoadSocket } from '../load/socket.ts'
import { percentile } from '../load/stats.ts'
import type { Result, Scenario } from './scenario.ts'

const PER_SECOND = 500
const FIRST_USER = 50_000
/** An object hibernates ten seconds after its last event, and then frees its memory. */
const UNTIL_HIBERNATED_MS = 16_000

/**
 * Users connect at 500 a second and sync, then stay idle until their objects hibernate. Each step adds the same number
 * of users, so that the difference between two steps is the cost of these users. The naive floor only connects. The
 * scenario starts its own servers, because memory of earlier scenarios would hide the increase. Every user has
 * connected and disconnected before. The state is in memory: on disk, creating the files of a database takes longer
 * than a connect.
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
      // One step at a time: each live object keeps files open, and a process has a limit of open files.
      for (const step of steps) await Promise.all([naive, protocol].map((floor) => letIn(floor, step)))
      // Restarts the servers: memory that the preparation has freed would otherwise be reused, and hide the increase.
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

/** Connects users for the first time and disconnects them, and waits until their objects are evicted. */
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
    const reportStep = (variant: string, { name: contender }: Contender, figures: Record<string, number>) => {
      // The first step is not reported: it contains costs that occur only once, such as compiling code.
      if (step > 0) report({ scenario: 'crowd', variant, contender, repeat: step, figures })
    }
    for (const { contender, arrive } of sides) {
      const before = mainThreadMsOf(contender.workerdPid())
      const took = await storm(users, arrive, open)
      const after = mainThreadMsOf(contender.workerdPid())
      reportStep(`${PER_SECOND} connects a second`, contender, {
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
      reportStep('idle, 1,000 more sockets', contender, { megabytes: megabytes * (1_000 / users.length) })
    }
  }
  await Promise.all(open.map((socket) => socket.close()))
}

/** Starts the connects at a fixed rate, whether or not earlier connects are done. */
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
