import type { Delivery } from '../../contracts/user.ts'

/**
 * How long a wave waits for a member. The limit is long, because a busy system answers late, and redeliveries would
 * make the system busier.
 */
const MAX_WAIT_MS = 5_000

/** Waves that are kept for a member who does not answer; the conversation's log has the messages of all waves. */
const MAX_KEPT = 50

interface MemberQueue {
  /** The newest call. */
  last: Promise<boolean>
  /** The number of calls that have not ended. */
  calls: number
  /** Whether a wave no longer waits for this member. */
  isLate: boolean
}

/**
 * The queues from a relay to its members: per member one call at a time, in the order of the waves. A member who does
 * not answer in time counts as missed. No further wave waits for that member until all kept waves are delivered.
 */
export class WaveQueue {
  readonly #call: (userID: string, delivery: Delivery) => Promise<boolean>
  /** Only members with a call in flight. */
  readonly #queues = new Map<string, MemberQueue>()
  /** The oldest wait first, so that one timer serves all. */
  readonly #waits = new Set<{ queue: MemberQueue; since: number; end(reached: boolean): void }>()
  #timer: ReturnType<typeof setTimeout> | null = null

  /** @param call answers whether the member got the delivery; it never fails */
  constructor(call: (userID: string, delivery: Delivery) => Promise<boolean>) {
    this.#call = call
  }

  /** @returns whether the member got the delivery; false may also mean not yet */
  async deliver(userID: string, delivery: Delivery): Promise<boolean> {
    const queue = this.#queues.get(userID) ?? { last: Promise.resolve(true), calls: 0, isLate: false }
    if (queue.calls >= MAX_KEPT) return false
    const call = () => this.#call(userID, delivery)
    const reached = queue.calls === 0 ? call() : queue.last.then(call)
    this.#queues.set(userID, queue)
    queue.calls++
    queue.last = reached.finally(() => {
      queue.calls--
      if (queue.calls === 0) this.#queues.delete(userID)
    })
    return queue.isLate ? false : this.#waitFor(queue)
  }

  #waitFor(queue: MemberQueue): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const wait = { queue, since: Date.now(), end: resolve }
    this.#waits.add(wait)
    this.#timer ??= setTimeout(() => this.#stopWaiting(), MAX_WAIT_MS)
    void queue.last.then((reached) => {
      resolve(reached)
      this.#waits.delete(wait)
      if (this.#waits.size > 0 || this.#timer === null) return
      clearTimeout(this.#timer)
      this.#timer = null
    })
    return promise
  }

  /** Ends the waits that have lasted too long. */
  #stopWaiting(): void {
    this.#timer = null
    for (const wait of this.#waits) {
      const leftMs = wait.since + MAX_WAIT_MS - Date.now()
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#stopWaiting(), leftMs)
        return
      }
      this.#waits.delete(wait)
      wait.queue.isLate = true
      wait.end(false)
    }
  }
}
