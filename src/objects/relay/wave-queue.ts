import type { Delivery } from '../../contracts/user.ts'

/** So long a wave waits for a member. A busy system answers late, too, and to bring it all again would make it busier. */
const MAX_WAIT_MS = 5_000

/** So many waves are kept for a member who does not answer; the conversation has them all. */
const MAX_KEPT = 50

interface MemberQueue {
  /** The newest of its calls. */
  last: Promise<boolean>
  /** Calls that have not ended. */
  calls: number
  /** Whether a wave has stopped waiting for it. */
  late: boolean
}

/**
 * The way to each member of a relay: one call at a time, in the order of the waves. Whoever does not answer in time
 * counts as missed, and no further wave waits for that one until all that was kept meanwhile is handed over.
 */
export class WaveQueue {
  readonly #call: (userID: string, delivery: Delivery) => Promise<boolean>
  /** Only of those who are being called. */
  readonly #queues = new Map<string, MemberQueue>()
  /** The longest first, so that one timer does for all. */
  readonly #waits = new Set<{ lane: MemberQueue; since: number; end(reached: boolean): void }>()
  #timer: ReturnType<typeof setTimeout> | null = null

  /** @param call answers whether the member has it, and never fails */
  constructor(call: (userID: string, delivery: Delivery) => Promise<boolean>) {
    this.#call = call
  }

  /** @returns whether the member has it; false may mean not yet */
  async deliver(userID: string, delivery: Delivery): Promise<boolean> {
    const lane = this.#queues.get(userID) ?? { last: Promise.resolve(true), calls: 0, late: false }
    if (lane.calls >= MAX_KEPT) return false
    const reached = lane.calls === 0 ? this.#call(userID, delivery) : lane.last.then(() => this.#call(userID, delivery))
    this.#queues.set(userID, lane)
    lane.calls++
    lane.last = reached.finally(() => {
      lane.calls--
      if (lane.calls === 0) this.#queues.delete(userID)
    })
    return lane.late ? false : this.#waitFor(lane)
  }

  #waitFor(lane: MemberQueue): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const wait = { lane, since: Date.now(), end: resolve }
    this.#waits.add(wait)
    this.#timer ??= setTimeout(() => this.#stopWaiting(), MAX_WAIT_MS)
    void lane.last.then((reached) => {
      resolve(reached)
      this.#waits.delete(wait)
      if (this.#waits.size > 0 || this.#timer === null) return
      clearTimeout(this.#timer)
      this.#timer = null
    })
    return promise
  }

  /** Waits no longer for those whose time is over. */
  #stopWaiting(): void {
    this.#timer = null
    for (const wait of this.#waits) {
      const left = wait.since + MAX_WAIT_MS - Date.now()
      if (left > 0) {
        this.#timer = setTimeout(() => this.#stopWaiting(), left)
        return
      }
      this.#waits.delete(wait)
      wait.lane.late = true
      wait.end(false)
    }
  }
}
