import type { DeliveredMessage } from '../../../contracts/messages.ts'
import { backoffMs, sleep } from '../../../platform/concurrency/backoff.ts'
import { Pace } from '../../../platform/concurrency/pace.ts'
import type { Log } from '../../../platform/observability/log.ts'

/** Limits of one call. The backlog of a slow member takes several calls. */
const MAX_CALL_BYTES = 512 * 1024
const MAX_CALL_MESSAGES = 100

/** The most batches of one call. A member who joins gets a notification, the bounds of the chat, and a chat message. */
const MAX_CALL_BATCHES = 8

/** Receivers whose membership changes, and who are called at the same time: a group may get 1,000 members in one step. */
const MAX_PACED = 32

const BACKOFF = { firstMs: 100, factor: 4 }
const MAX_TRIES = 4

/** Messages of one log for one receiver: a member's object, or a relay. */
export interface DeliveryBatch {
  conversationID: string
  messages: DeliveredMessage[]
  /** Applies to the whole batch: new messages never share a batch with messages that the receiver may have. */
  redelivered?: boolean
  /** Batches that the same call carries after this one: of the other log, or of another kind. */
  more?: DeliveryBatch[]
}

interface ReceiverQueue<B> {
  /** The receiver has confirmed every message when this is empty and no call is in flight. */
  waiting: B[]
  /** The batch of the call in flight. */
  inFlight: B | null
  running: boolean
}

/** The functions that the queues call. */
export interface DeliveryQueuesDeps<B extends DeliveryBatch> {
  deliver(receiver: string, batch: B): Promise<unknown>
  /** Whether a batch carries more than messages, so that it cannot be merged into the one before it. */
  startsCall(batch: B): boolean
  /** Whether a call may carry several batches. */
  combines?: boolean
  /** Called when the last try fails: the receiver did not get these batches. */
  gaveUp(receiver: string, batches: B[]): void
  /** Called when the receiver has confirmed every batch. */
  drained(receiver: string): void
  log: Log
}

/**
 * One delivery queue per receiver, with one call in flight; batches that arrive meanwhile are merged into the next
 * call. When a receiver cannot be reached in four tries, its queue gives up: the log still has the messages, and
 * redelivery starts from there.
 */
export class DeliveryQueues<B extends DeliveryBatch> {
  /** Idle queues are kept, because the next message goes to the same receivers. */
  readonly #queues = new Map<string, ReceiverQueue<B>>()
  #running = 0
  readonly #pace = new Pace(MAX_PACED)
  readonly #deps: DeliveryQueuesDeps<B>

  constructor(deps: DeliveryQueuesDeps<B>) {
    this.#deps = deps
  }

  /** True while any receiver has not confirmed a batch. */
  get busy(): boolean {
    return this.#running > 0
  }

  /** Whether a receiver has not confirmed a batch. */
  isDelivering(receiver: string): boolean {
    return this.#queues.get(receiver)?.running ?? false
  }

  /** The batches that their receivers have not confirmed. */
  *pending(): Generator<B> {
    for (const { inFlight, waiting } of this.#queues.values()) {
      if (inFlight) yield* batchesOf(inFlight)
      yield* waiting
    }
  }

  /** The lowest seq of a log that a receiver has not confirmed; null when it has confirmed all. */
  lowestPending(receiver: string, conversationID: string): number | null {
    const queue = this.#queues.get(receiver)
    if (!queue?.running) return null
    let lowest: number | null = null
    const inFlight = queue.inFlight ? batchesOf(queue.inFlight) : []
    for (const batch of [...inFlight, ...queue.waiting]) {
      if (batch.conversationID !== conversationID) continue
      for (const { seq } of batch.messages) if (seq > 0 && (lowest === null || seq < lowest)) lowest = seq
    }
    return lowest
  }

  push(receiver: string, batch: B): void {
    let queue = this.#queues.get(receiver)
    if (!queue) {
      queue = { waiting: [], inFlight: null, running: false }
      this.#queues.set(receiver, queue)
    }
    queue.waiting.push(batch)
    if (!queue.running) void this.#drain(receiver, queue)
  }

  async #drain(receiver: string, queue: ReceiverQueue<B>): Promise<void> {
    queue.running = true
    this.#running++
    // Waits a microtask, so that all messages of one append go in the same call.
    await Promise.resolve()
    while (queue.waiting.length > 0) {
      const call = () => this.#callNext(receiver, queue)
      const changesMembership = queue.waiting.some((batch) => this.#deps.startsCall(batch))
      const missed = await (changesMembership ? this.#pace.run(call) : call())
      if (missed) {
        const left = [...missed, ...queue.waiting.splice(0)]
        this.#stop(queue)
        this.#deps.gaveUp(receiver, left)
        return
      }
    }
    this.#stop(queue)
    this.#deps.drained(receiver)
  }

  /** @returns the batches that the receiver did not get; null when it has confirmed them */
  async #callNext(receiver: string, queue: ReceiverQueue<B>): Promise<B[] | null> {
    const { startsCall, combines = false } = this.#deps
    const call = combines ? nextCall(queue.waiting, startsCall) : nextBatch(queue.waiting, startsCall)
    queue.inFlight = call
    return (await this.#tryDeliver(receiver, call)) ? null : batchesOf(call)
  }

  #stop(queue: ReceiverQueue<B>): void {
    queue.inFlight = null
    queue.running = false
    this.#running--
  }

  async #tryDeliver(receiver: string, batch: B): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#deps.deliver(receiver, batch)
        return true
      } catch (error) {
        const { conversationID, messages } = batch
        const operationID = messages[0]?.operationID ?? ''
        this.#deps.log.error('delivery failed', error, { operationID, receiver, conversationID, tries })
        if (tries === MAX_TRIES) return false
        await sleep(backoffMs(tries, BACKOFF))
      }
    }
  }
}

/** Takes batches of the same log and kind from the front and merges them, within the limits of one call. */
export function nextBatch<B extends DeliveryBatch>(waiting: B[], startsCall: (batch: B) => boolean): B {
  const first = waiting.shift() as B
  const messages = [...first.messages]
  let bytes = sizeOf(first)
  for (let next = waiting[0]; next && isLike(first, next); next = waiting[0]) {
    if (startsCall(next)) break
    bytes += sizeOf(next)
    if (bytes > MAX_CALL_BYTES || messages.length + next.messages.length > MAX_CALL_MESSAGES) break
    messages.push(...next.messages)
    waiting.shift()
  }
  return { ...first, messages }
}

/** Takes the batches of one call from the front, within its limits: one batch, and the following ones as `more`. */
export function nextCall<B extends DeliveryBatch>(waiting: B[], startsCall: (batch: B) => boolean): B {
  const first = nextBatch(waiting, startsCall)
  const more: B[] = []
  let bytes = sizeOf(first)
  for (let next = waiting[0]; next && more.length + 1 < MAX_CALL_BATCHES; next = waiting[0]) {
    if (bytes + sizeOf(next) > MAX_CALL_BYTES) break
    const batch = nextBatch(waiting, startsCall)
    bytes += sizeOf(batch)
    more.push(batch)
  }
  return more.length === 0 ? first : { ...first, more }
}

/** The batches of a call, in order. */
export function batchesOf<B extends DeliveryBatch>({ more = [], ...first }: B): B[] {
  return [first as unknown as B, ...(more as B[])]
}

function isLike(a: DeliveryBatch, b: DeliveryBatch): boolean {
  return a.conversationID === b.conversationID && (a.redelivered ?? false) === (b.redelivered ?? false)
}

function sizeOf(batch: DeliveryBatch): number {
  return batch.messages.reduce((sum, message) => sum + message.msg.length, 0)
}
