import type { Log } from '../../platform/log.ts'
import type { Delivery } from '../../platform/rpc.ts'

/** What one call carries at most: a slow member's backlog goes in several. */
const MAX_BATCH_BYTES = 512 * 1024
const MAX_BATCH_MESSAGES = 100

const FIRST_RETRY_MS = 100
const MAX_TRIES = 4

/** A delivery on its way to one member; its messages are of one log. */
export type Parcel = Delivery

interface Lane {
  waiting: Parcel[]
  running: boolean
}

/** What a fan-out stands on. */
export interface FanOutDeps {
  deliver(userID: string, parcel: Parcel): Promise<void>
  /** A member could not be reached with these. */
  gaveUp(userID: string, parcels: Parcel[]): void
  /** A member has everything. */
  drained(userID: string): void
  log: Log
}

/**
 * One lane per member, one call in flight per lane; what arrives meanwhile goes together in the next call. A lane
 * whose member cannot be reached after a few tries gives up: what it held is in the log, and starts again from there.
 */
export class FanOut {
  readonly #lanes = new Map<string, Lane>()
  readonly #deps: FanOutDeps

  constructor(deps: FanOutDeps) {
    this.#deps = deps
  }

  /** True while something is not confirmed by its member. */
  get busy(): boolean {
    return this.#lanes.size > 0
  }

  push(userID: string, parcel: Parcel): void {
    let lane = this.#lanes.get(userID)
    if (!lane) {
      lane = { waiting: [], running: false }
      this.#lanes.set(userID, lane)
    }
    lane.waiting.push(parcel)
    if (!lane.running) void this.#drain(userID, lane)
  }

  async #drain(userID: string, lane: Lane): Promise<void> {
    lane.running = true
    // What is handed over in the same turn, as the messages of one append are, goes in the same call.
    await Promise.resolve()
    while (lane.waiting.length > 0) {
      const parcel = nextParcel(lane.waiting)
      if (!(await this.#tryDeliver(userID, parcel))) {
        this.#lanes.delete(userID)
        this.#deps.gaveUp(userID, [parcel, ...lane.waiting])
        return
      }
    }
    this.#lanes.delete(userID)
    this.#deps.drained(userID)
  }

  async #tryDeliver(userID: string, parcel: Parcel): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#deps.deliver(userID, parcel)
        return true
      } catch (error) {
        this.#deps.log.error('a delivery failed', error, { userID, conversationID: parcel.conversationID, tries })
        if (tries === MAX_TRIES) return false
        await pause(FIRST_RETRY_MS * 4 ** (tries - 1) * (0.5 + Math.random()))
      }
    }
  }
}

/** Takes the longest run of parcels of the same log from the front, within the limits of one call. */
export function nextParcel(waiting: Parcel[]): Parcel {
  const first = waiting.shift() as Parcel
  const messages = [...first.messages]
  let bytes = sizeOf(first)
  for (let next = waiting[0]; next && next.conversationID === first.conversationID; next = waiting[0]) {
    bytes += sizeOf(next)
    if (bytes > MAX_BATCH_BYTES || messages.length + next.messages.length > MAX_BATCH_MESSAGES) break
    messages.push(...next.messages)
    waiting.shift()
  }
  return { ...first, messages }
}

function sizeOf(parcel: Parcel): number {
  return parcel.messages.reduce((sum, message) => sum + message.msg.length, 0)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
