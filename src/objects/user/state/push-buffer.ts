import type { PushConfig } from '../../../config/push.ts'
import type { PushJob } from '../../../contracts/jobs.ts'
import type { Log } from '../../../platform/observability/log.ts'
import type { Database } from '../../../platform/storage/d1.ts'
import { type PushedMessage, toPushJobs } from '../../../push/enqueue.ts'
import { removeTokensOfPlatform } from '../../../push/tokens.ts'
import type { PushState } from './push-state.ts'

/** What this object must reach to have its user rung. */
export interface PushBufferDeps {
  config: PushConfig | null
  db: Database
  send(jobs: PushJob[]): Promise<void>
  /** Lets the object live until that is done. */
  waitUntil(work: Promise<unknown>): void
  /** Whether the user needs no ringing any more. */
  phoneListens(): boolean
  now(): number
  log: Log
}

/** A message that the user is to be rung for. */
interface Pending {
  seq: number
  message: PushedMessage
  countsOnBadge: boolean
}

/**
 * Pushes on their way to the queue: one call at a time, what comes meanwhile goes together in the next one. A burst in
 * one conversation is one push at once and one for the rest, with its newest message.
 */
export class PushBuffer {
  readonly #deps: PushBufferDeps
  readonly #pushState: PushState
  readonly #userID: string
  /** By conversation, the newest message that waits, and how many of them raise the badge. */
  readonly #waiting = new Map<string, Pending & { raises: number }>()
  /** When each conversation was rung for last, ms; only as long as that matters. */
  readonly #pushedAt = new Map<string, number>()
  #running = false

  constructor(userID: string, deps: PushBufferDeps, bell: PushState) {
    this.#userID = userID
    this.#deps = deps
    this.#pushState = bell
  }

  get isOn(): boolean {
    return this.#deps.config !== null
  }

  add(pending: Pending): void {
    const { conversationID } = pending.message
    const older = this.#waiting.get(conversationID)
    // A delivery whose confirmation was lost comes twice.
    if (older && pending.seq > 0 && pending.seq <= older.seq) return
    const raises = (older?.raises ?? 0) + (pending.countsOnBadge ? 1 : 0)
    this.#waiting.set(conversationID, { ...pending, raises })
    if (!this.#running) this.#deps.waitUntil(this.#run())
  }

  forgetTokens(platformID: number): void {
    if (!this.isOn) return
    const removal = removeTokensOfPlatform(this.#deps.db, this.#userID, platformID)
    this.#deps.waitUntil(removal.catch((error: unknown) => this.#deps.log.error('push tokens were not removed', error)))
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      // The rest of the delivery is added before anything leaves.
      await Promise.resolve()
      while (this.#waiting.size > 0) {
        if (this.#deps.phoneListens()) this.#waiting.clear()
        const due = this.#takeDue()
        if (due.length > 0) await this.#send(due)
        else if (this.#waiting.size > 0) await pause(this.#untilNext())
      }
    } finally {
      this.#running = false
    }
  }

  /** What may go now: conversations whose last push is long enough ago. */
  #takeDue(): (Pending & { raises: number })[] {
    const now = this.#deps.now()
    for (const [conversationID, at] of this.#pushedAt) {
      if (at + this.#burstMs() <= now) this.#pushedAt.delete(conversationID)
    }
    return [...this.#waiting].flatMap(([conversationID, pending]) => {
      if (this.#pushedAt.has(conversationID)) return []
      this.#waiting.delete(conversationID)
      if (this.#burstMs() > 0) this.#pushedAt.set(conversationID, now)
      return [pending]
    })
  }

  #untilNext(): number {
    const earliest = Math.min(...[...this.#waiting.keys()].map((id) => this.#pushedAt.get(id) ?? 0))
    return Math.max(1, earliest + this.#burstMs() - this.#deps.now())
  }

  /** What was rung for is noted once the queue has it: a crash in between leads to the push, not to none. */
  async #send(due: (Pending & { raises: number })[]): Promise<void> {
    for (const { message, seq, raises } of due) this.#pushState.recordPush(message.conversationID, seq, raises)
    const jobs = due.flatMap(({ message, countsOnBadge }) =>
      toPushJobs(message, [{ userID: this.#userID, badge: this.#pushState.shownBadge(countsOnBadge) }]),
    )
    try {
      await this.#deps.send(jobs)
      this.#pushState.save()
    } catch (error) {
      const operationID = due.map(({ message }) => message.operationID).join(' ')
      this.#deps.log.error('an offline push could not be queued', error, { operationID })
    }
  }

  #burstMs(): number {
    return this.#deps.config?.burstMs ?? 0
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
