import type { PushConfig } from '../../../config/push.ts'
import type { PushJob } from '../../../contracts/jobs.ts'
import { sleep } from '../../../platform/concurrency/backoff.ts'
import type { Log } from '../../../platform/observability/log.ts'
import type { Database } from '../../../platform/storage/d1.ts'
import { type PushedMessage, toPushJobs } from '../../../push/enqueue.ts'
import { removeTokensOfPlatform } from '../../../push/tokens.ts'
import type { PushState } from './push-state.ts'

/** The parts of the object that offline pushes need. */
export interface PushBufferDeps {
  /** Null when offline push is switched off. */
  config: PushConfig | null
  db: Database
  send(jobs: PushJob[]): Promise<void>
  /** Keeps the object alive until the work is done. */
  waitUntil(work: Promise<unknown>): void
  /** Whether a phone of the user is online, so that waiting pushes are no longer needed. */
  hasListeningPhone(): boolean
  now(): number
  log: Log
}

/** A message for which the user gets an offline push. */
interface PendingPush {
  /** 0 for a message that is not stored. */
  seq: number
  message: PushedMessage
  countsOnBadge: boolean
}

interface WaitingPush extends PendingPush {
  /** By how much all messages that this push represents raise the badge. */
  raisesBadgeBy: number
}

/**
 * Offline pushes on their way to the `push` queue, with one queue call in flight. Messages that arrive in the meantime
 * go together in the next call. A burst in one conversation becomes two pushes: one at once for the first message, and
 * one after `burstMs` for the newest message of the rest.
 */
export class PushBuffer {
  readonly #deps: PushBufferDeps
  readonly #pushState: PushState
  readonly #userID: string
  /** The newest waiting message of each conversation. */
  readonly #waiting = new Map<string, WaitingPush>()
  /** Time of each conversation's last push, deleted when `burstMs` has passed; ms. */
  readonly #pushedAt = new Map<string, number>()
  #isRunning = false

  constructor(userID: string, deps: PushBufferDeps, pushState: PushState) {
    this.#userID = userID
    this.#deps = deps
    this.#pushState = pushState
  }

  get isOn(): boolean {
    return this.#deps.config !== null
  }

  add(push: PendingPush): void {
    const { conversationID } = push.message
    const older = this.#waiting.get(conversationID)
    // A delivery is repeated when its confirmation was lost.
    if (older && push.seq > 0 && push.seq <= older.seq) return
    const raisesBadgeBy = (older?.raisesBadgeBy ?? 0) + (push.countsOnBadge ? 1 : 0)
    this.#waiting.set(conversationID, { ...push, raisesBadgeBy })
    if (!this.#isRunning) this.#deps.waitUntil(this.#run())
  }

  /** Deletes the push tokens that the user's devices on a platform have registered. */
  removeTokens(platformID: number): void {
    if (!this.isOn) return
    const removal = removeTokensOfPlatform(this.#deps.db, this.#userID, platformID)
    this.#deps.waitUntil(
      removal.catch((error: unknown) => this.#deps.log.error('push token removal failed', error, { platformID })),
    )
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      // Lets the current delivery add its other messages first.
      await Promise.resolve()
      while (this.#waiting.size > 0) {
        if (this.#deps.hasListeningPhone()) this.#waiting.clear()
        const due = this.#takeDue()
        if (due.length > 0) await this.#send(due)
        else if (this.#waiting.size > 0) await sleep(this.#msUntilNext())
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** Takes the messages of the conversations whose last push is at least `burstMs` ago. */
  #takeDue(): WaitingPush[] {
    const now = this.#deps.now()
    for (const [conversationID, at] of this.#pushedAt) {
      if (at + this.#burstMs() <= now) this.#pushedAt.delete(conversationID)
    }
    return [...this.#waiting].flatMap(([conversationID, push]) => {
      if (this.#pushedAt.has(conversationID)) return []
      this.#waiting.delete(conversationID)
      if (this.#burstMs() > 0) this.#pushedAt.set(conversationID, now)
      return [push]
    })
  }

  #msUntilNext(): number {
    const earliest = Math.min(...[...this.#waiting.keys()].map((id) => this.#pushedAt.get(id) ?? 0))
    return Math.max(1, earliest + this.#burstMs() - this.#deps.now())
  }

  /** Saves the push state after the queue call, so that a crash in between repeats the push instead of losing it. */
  async #send(due: WaitingPush[]): Promise<void> {
    for (const { message, seq, raisesBadgeBy } of due) {
      this.#pushState.recordPush(message.conversationID, seq, raisesBadgeBy)
    }
    const jobs = due.flatMap(({ message, countsOnBadge }) =>
      toPushJobs(message, [{ userID: this.#userID, badge: this.#pushState.shownBadge(countsOnBadge) }]),
    )
    try {
      await this.#deps.send(jobs)
      this.#pushState.save()
    } catch (error) {
      const operationID = due.map(({ message }) => message.operationID).join(' ')
      this.#deps.log.error('offline push enqueue failed', error, { operationID })
    }
  }

  #burstMs(): number {
    return this.#deps.config?.burstMs ?? 0
  }
}
