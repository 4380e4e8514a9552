import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contenders/contender.ts'
import type { Target } from '../wires/wire.ts'
import { cpuMsOf } from './cpu.ts'
import { Ledger } from './ledger.ts'
import { clientFrame, LoadSocket } from './socket.ts'
import { percentile } from './stats.ts'

/** The senders with their targets, and all connected clients. */
export interface Cast {
  senders: readonly { user: number; target: Target }[]
  /** Every connected user, including the senders. */
  clients: readonly number[]
}

/** The figures of one burst of messages, which all arrived once and in order. */
export interface Burst {
  messages: number
  deliveries: number
  seconds: number
  messagesPerSecond: number
  deliveriesPerSecond: number
  /** Time from sending a message until a receiver has it, in ms. */
  deliveredP50: number
  deliveredP99: number
  ackedP50: number
  ackedP99: number
  /** CPU time of the runtime per message, in microseconds; null when the system does not report it. */
  serverMicrosPerMessage: number | null
  /** This process's CPU as a share of one core. */
  generatorCpu: number
}

/** A burst without progress for this long has failed. The first message to 10,000 members wakes 10,000 objects. */
const STALL_MS = 120_000
/** After the last message, the burst waits this long for duplicates. */
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

  /** @param whole whether all receivers are among the clients; if not, only the connected receivers are waited for */
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
   * Sends at least `messages` messages in total, while each sender keeps `outstanding` of them unanswered.
   * @throws when a message was lost, duplicated, out of order or refused
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
    let lastProgress = performance.now()

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
      lastProgress = now
      wire.read(payload, run, {
        acked(count) {
          ackedAfter.push(now - (sentAt.get(client)?.[count] ?? Number.NaN))
          sendNext(client)
        },
        arrived(arrival) {
          ledger.arrived(client, arrival)
          // The sender's own copy does not count as a delivery.
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
      if (performance.now() - lastProgress > STALL_MS) {
        throw new Error(
          `${total - ackedAfter.length} of ${total} acknowledgements and ` +
            `${expected - ledger.arrivals} of ${expected} messages did not arrive at ${clients.length} clients`,
        )
      }
      await sleep(POLL_MS)
    }
    const seconds = (lastProgress - begin) / 1_000
    const [serverAfter, own] = [cpuMsOf(this.#contender.workerdPid()), process.cpuUsage(ownBefore)]
    await sleep(LINGER_MS)
    if (ledger.arrivals > expected) ledger.fail(`${ledger.arrivals} messages arrived, but ${expected} were expected`)
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

  /** The number of clients that receive a sender's message. */
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
