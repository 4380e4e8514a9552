import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contenders/contender.ts'
import type { Target } from '../wires/wire.ts'
import { cpuMsOf } from './cpu.ts'
import { Ledger } from './ledger.ts'
import { clientFrame, LoadSocket } from './socket.ts'
import { percentile } from './stats.ts'

/** Who writes to whom, and who else is there to listen. */
export interface Cast {
  senders: readonly { user: number; target: Target }[]
  /** Every connected user, senders too. */
  clients: readonly number[]
}

/** One burst of messages, all of which arrived once and in order. */
export interface Burst {
  messages: number
  deliveries: number
  seconds: number
  messagesPerSecond: number
  deliveriesPerSecond: number
  /** From the sending of a message until a receiver has it, ms. */
  deliveredP50: number
  deliveredP99: number
  ackedP50: number
  ackedP99: number
  /** CPU that the runtime used, microseconds a message; null where the system does not say. */
  serverMicrosPerMessage: number | null
  /** This process's CPU as a share of one core. */
  generatorCpu: number
}

/** So long a burst may stand still before it counts as lost: the first message to 10,000 members wakes as many objects. */
const STALL_MS = 120_000
/** After the last message, so long one that came twice is waited for. */
const LINGER_MS = 120
const CONNECTS_AT_ONCE = 50
const POLL_MS = 5

let runs = 0

/** The clients of one contender in one scenario, connected until `close`. */
export class Stage {
  readonly #contender: Contender
  readonly #cast: Cast
  readonly #whole: boolean
  readonly #sockets = new Map<number, LoadSocket>()
  #onFrame: (client: number, payload: Buffer) => void = () => {}
  #fault: string | null = null

  /** @param whole whether everybody who gets a message is among the clients; else the others' share is not waited for */
  static async open(contender: Contender, cast: Cast, whole = true): Promise<Stage> {
    await contender.prepare(
      cast.clients,
      cast.senders.map(({ target }) => target),
    )
    const stage = new Stage(contender, cast, whole)
    const left = cast.clients.values()
    const worker = async () => {
      for (const client of left) await stage.#connect(client)
    }
    await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, worker))
    return stage
  }

  private constructor(contender: Contender, cast: Cast, whole: boolean) {
    this.#contender = contender
    this.#cast = cast
    this.#whole = whole
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()))
  }

  /**
   * Sends so many messages in all, each sender keeping `outstanding` of them unanswered.
   * @throws when one was lost, came twice or out of order, or was refused
   */
  async burst(messages: number, outstanding: number, senders = this.#cast.senders): Promise<Burst> {
    const { clients } = this.#cast
    const { wire } = this.#contender
    const run = ++runs
    const each = Math.max(1, Math.ceil(messages / senders.length))
    const frames = new Map(
      senders.map(({ user, target }) => [
        user,
        Array.from({ length: each }, (_, count) => clientFrame(wire.message(run, user, count, target))),
      ]),
    )
    const expected = senders.reduce((sum, sender) => sum + this.#listeners(sender) * each, 0)
    const ledger = new Ledger(wire.echoes)
    const sentAt = new Map(senders.map(({ user }) => [user, new Float64Array(each)]))
    const ackedAfter: number[] = []
    const deliveredAfter: number[] = []
    const sent = new Map(senders.map(({ user }) => [user, 0]))
    let moved = performance.now()

    const sendNext = (user: number) => {
      const count = sent.get(user) as number
      const frame = frames.get(user)?.[count]
      if (!frame) return
      sent.set(user, count + 1)
      ;(sentAt.get(user) as Float64Array)[count] = performance.now()
      this.#sockets.get(user)?.send(frame)
    }
    this.#onFrame = (client, payload) => {
      const now = performance.now()
      moved = now
      wire.read(payload, run, {
        acked(count) {
          ackedAfter.push(now - (sentAt.get(client)?.[count] ?? Number.NaN))
          sendNext(client)
        },
        arrived(arrival) {
          ledger.arrived(client, arrival)
          // A sender's own copy is no delivery.
          if (arrival.sender !== client) {
            deliveredAfter.push(now - (sentAt.get(arrival.sender)?.[arrival.count] ?? Number.NaN))
          }
        },
      })
    }

    const begin = performance.now()
    const [serverBefore, ownBefore] = [cpuMsOf(this.#contender.workerdPid()), process.cpuUsage()]
    for (const { user } of senders) {
      const socket = this.#sockets.get(user)
      socket?.cork()
      for (let i = 0; i < outstanding; i++) sendNext(user)
      socket?.uncork()
    }
    const total = each * senders.length
    while (ackedAfter.length < total || ledger.arrivals < expected) {
      this.#requireNoFault(ledger)
      if (performance.now() - moved > STALL_MS) {
        throw new Error(
          `${total - ackedAfter.length} of ${total} acknowledgements and ` +
            `${expected - ledger.arrivals} of ${expected} messages never came to ${clients.length} clients`,
        )
      }
      await sleep(POLL_MS)
    }
    const seconds = (moved - begin) / 1_000
    const [serverAfter, own] = [cpuMsOf(this.#contender.workerdPid()), process.cpuUsage(ownBefore)]
    await sleep(LINGER_MS)
    if (ledger.arrivals > expected) ledger.fail(`${ledger.arrivals} messages arrived where ${expected} were due`)
    this.#requireNoFault(ledger)
    return {
      messages: total,
      deliveries: deliveredAfter.length,
      seconds,
      messagesPerSecond: total / seconds,
      deliveriesPerSecond: deliveredAfter.length / seconds,
      deliveredP50: percentile(deliveredAfter, 0.5),
      deliveredP99: percentile(deliveredAfter, 0.99),
      ackedP50: percentile(ackedAfter, 0.5),
      ackedP99: percentile(ackedAfter, 0.99),
      serverMicrosPerMessage:
        serverBefore === null || serverAfter === null ? null : ((serverAfter - serverBefore) * 1_000) / total,
      generatorCpu: (own.user + own.system) / 1e6 / seconds,
    }
  }

  #requireNoFault({ fault }: Ledger): void {
    if (this.#fault) throw new Error(this.#fault)
    if (fault) throw new Error(`${this.#contender.name}, ${fault}`)
  }

  /** How many clients see a sender's message. */
  #listeners({ user, target }: Cast['senders'][number]): number {
    const others = this.#whole
      ? 'user' in target
        ? 1
        : target.group.size - 1
      : this.#cast.clients.filter((client) => client !== user).length
    return others + (this.#contender.wire.echoes ? 1 : 0)
  }

  async #connect(client: number): Promise<void> {
    const { wire } = this.#contender
    const listener = {
      onBinary: (payload: Buffer) => this.#take(client, payload),
      onGone: (why: string) => {
        this.#fault ??= `${this.#contender.name}, client ${client}: ${why}`
      },
    }
    this.#sockets.set(client, await LoadSocket.open(wire.address(client), listener, wire.greets))
  }

  #take(client: number, payload: Buffer): void {
    try {
      this.#onFrame(client, payload)
    } catch (error) {
      this.#fault ??= `${this.#contender.name}, client ${client}: ${error instanceof Error ? error.message : error}`
    }
  }
}
