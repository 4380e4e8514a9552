import type { DeliveredMessage } from '../../../contracts/messages.ts'
import type { Log } from '../../../platform/observability/log.ts'

/** What one call carries at most: a slow member's backlog goes in several. */
const MAX_BATCH_BYTES = 512 * 1024
const MAX_BATCH_MESSAGES = 100

const FIRST_RETRY_MS = 100
const MAX_TRIES = 4

/** Messages of one log on their way to one receiver: a member's object, or a relay. */
export interface DeliveryBatch {
  conversationID: string
  messages: DeliveredMessage[]
  /** Of the whole parcel: what is new goes in another one than what the receiver may have. */
  redelivered?: boolean
}

interface ReceiverQueue<P> {
  /** Everything is confirmed while this is empty and nothing is under way. */
  waiting: P[]
  /** What the call under way carries. */
  underWay: P | null
  running: boolean
}

/** What a fan-out stands on. */
export interface DeliveryQueuesDeps<P extends DeliveryBatch> {
  deliver(receiver: string, parcel: P): Promise<unknown>
  /** Whether a parcel says more than its messages, and so cannot be added to the one before it. */
  standsAlone(parcel: P): boolean
  /** A receiver could not be reached with these. */
  gaveUp(receiver: string, parcels: P[]): void
  /** A receiver has everything. */
  drained(receiver: string): void
  log: Log
}

/**
 * One lane per receiver, one call in flight per lane; what arrives meanwhile goes together in the next call. A lane
 * whose receiver cannot be reached after a few tries gives up: what it held is in the log, and starts again from there.
 */
export class DeliveryQueues<P extends DeliveryBatch> {
  /** Those that rest are kept: the next message is on its way to the same receivers. */
  readonly #queues = new Map<string, ReceiverQueue<P>>()
  #running = 0
  readonly #deps: DeliveryQueuesDeps<P>

  constructor(deps: DeliveryQueuesDeps<P>) {
    this.#deps = deps
  }

  /** True while something is not confirmed by its receiver. */
  get busy(): boolean {
    return this.#running > 0
  }

  /** Whether something is on its way to a receiver. */
  isDelivering(receiver: string): boolean {
    return this.#queues.get(receiver)?.running ?? false
  }

  /** What is not confirmed by its receiver. */
  *pending(): Generator<P> {
    for (const { underWay, waiting } of this.#queues.values()) {
      if (underWay) yield underWay
      yield* waiting
    }
  }

  /** The lowest seq of a log that a receiver has not confirmed; null when there is none. */
  lowestPending(receiver: string, conversationID: string): number | null {
    const lane = this.#queues.get(receiver)
    if (!lane?.running) return null
    let lowest: number | null = null
    for (const parcel of [lane.underWay, ...lane.waiting]) {
      if (parcel?.conversationID !== conversationID) continue
      for (const { seq } of parcel.messages) if (seq > 0 && (lowest === null || seq < lowest)) lowest = seq
    }
    return lowest
  }

  push(receiver: string, parcel: P): void {
    let lane = this.#queues.get(receiver)
    if (!lane) {
      lane = { waiting: [], underWay: null, running: false }
      this.#queues.set(receiver, lane)
    }
    lane.waiting.push(parcel)
    if (!lane.running) void this.#drain(receiver, lane)
  }

  async #drain(receiver: string, lane: ReceiverQueue<P>): Promise<void> {
    lane.running = true
    this.#running++
    // What is handed over in the same turn, as the messages of one append are, goes in the same call.
    await Promise.resolve()
    while (lane.waiting.length > 0) {
      const parcel = nextBatch(lane.waiting, this.#deps.standsAlone)
      lane.underWay = parcel
      if (!(await this.#tryDeliver(receiver, parcel))) {
        const left = [parcel, ...lane.waiting.splice(0)]
        this.#rest(lane)
        this.#deps.gaveUp(receiver, left)
        return
      }
    }
    this.#rest(lane)
    this.#deps.drained(receiver)
  }

  #rest(lane: ReceiverQueue<P>): void {
    lane.underWay = null
    lane.running = false
    this.#running--
  }

  async #tryDeliver(receiver: string, parcel: P): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#deps.deliver(receiver, parcel)
        return true
      } catch (error) {
        const { conversationID, messages } = parcel
        const operationID = messages[0]?.operationID ?? ''
        this.#deps.log.error('a delivery failed', error, { operationID, receiver, conversationID, tries })
        if (tries === MAX_TRIES) return false
        await pause(FIRST_RETRY_MS * 4 ** (tries - 1) * (0.5 + Math.random()))
      }
    }
  }
}

/** Takes the longest run of parcels of the same log and kind from the front, within the limits of one call. */
export function nextBatch<P extends DeliveryBatch>(waiting: P[], standsAlone: (parcel: P) => boolean): P {
  const first = waiting.shift() as P
  const messages = [...first.messages]
  let bytes = sizeOf(first)
  for (let next = waiting[0]; next && isLike(first, next); next = waiting[0]) {
    if (standsAlone(next)) break
    bytes += sizeOf(next)
    if (bytes > MAX_BATCH_BYTES || messages.length + next.messages.length > MAX_BATCH_MESSAGES) break
    messages.push(...next.messages)
    waiting.shift()
  }
  return { ...first, messages }
}

function isLike(a: DeliveryBatch, b: DeliveryBatch): boolean {
  return a.conversationID === b.conversationID && (a.redelivered ?? false) === (b.redelivered ?? false)
}

function sizeOf(parcel: DeliveryBatch): number {
  return parcel.messages.reduce((sum, message) => sum + message.msg.length, 0)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
