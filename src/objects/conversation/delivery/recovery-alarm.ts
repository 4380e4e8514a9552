import type { Log } from '../../../platform/observability/log.ts'

/**
 * Time from the first message of a busy period to the recovery alarm. It is shorter than the idle time after which an
 * object leaves memory, so the alarm normally still finds the delivery queues of its busy period.
 */
export const RECOVERY_DELAY_MS = 8_000

/** A kind of change that was begun and may have to be completed after a crash. */
export interface PendingWork {
  readonly pending: boolean
  /** The operation that began the change, where it is known. */
  readonly operationID?: string
  resume(now: number): Promise<void>
}

/** The functions that the recovery alarm calls. */
export interface RecoveryAlarmDeps {
  storage: DurableObjectStorage
  /** Whether any work is pending that `wake` and `fire` would resume. */
  hasPendingWork(): boolean
  /** Whether any delivery is in flight. */
  isBusy(): boolean
  /**
   * When the oldest message in flight was stored, ms; null when none is in flight.
   * @param began the answer for deliveries that have no message
   */
  pendingSince(began: number): number | null
  /** When to retry the undelivered receivers, ms; null when every receiver has its messages. */
  retryAt(now: number): number | null
  /** When the next private message ends, ms; null when no message waits for its end. */
  burnAt(): number | null
  /**
   * Redelivers everything that was stored at or after `since`. It repeats the after-webhooks from `webhooksSince` on:
   * the crash may have prevented them.
   */
  redeliver(since: number, webhooksSince: number): void
  /** Retries the undelivered receivers. Resolves when the before-push gate is empty and the after-webhooks are queued. */
  retryUndelivered(): Promise<void>
  log(): Log
}

/**
 * The busy period of a conversation. Its first message sets the recovery alarm, which checks that everything was
 * delivered. After a restart, the time of the pending alarm says when the interrupted busy period began. Table `spell`
 * has one row with the time of deliveries that an earlier busy period left in flight.
 */
export class RecoveryAlarm {
  readonly #deps: RecoveryAlarmDeps
  /** When the alarm of this busy period is due, ms; 0 between two busy periods. */
  #due = 0
  /** When the oldest message was stored that was in flight at the end of the last busy period. */
  #leftSince: number | null

  constructor(deps: RecoveryAlarmDeps) {
    this.#deps = deps
    const [row] = deps.storage.sql.exec<{ since: number }>('SELECT since FROM spell WHERE id = 1').toArray()
    this.#leftSince = row?.since ?? null
  }

  /**
   * Resumes after a restart. A pending alarm means that the object stopped during a busy period, or with undelivered
   * messages.
   */
  async wake(now: number, work: readonly PendingWork[]): Promise<void> {
    const due = await this.#deps.storage.getAlarm()
    if (due === null) return
    // A later alarm is a retry of undelivered messages. If it counted as the alarm of a busy period, the next message
    // would not set its own alarm.
    const isBusyPeriod = due - RECOVERY_DELAY_MS <= now && !this.#isForBurning(due)
    if (isBusyPeriod) this.#due = due
    await this.#resume(work)
    if (isBusyPeriod || this.#leftSince !== null) this.#redeliver(due - RECOVERY_DELAY_MS)
  }

  /** Sets the alarm, in the same commit as the first message of the busy period, so that no crash separates the two. */
  async arm(now: number): Promise<void> {
    if (this.#due > now) return
    // A late alarm keeps its time, because the time says when the busy period began.
    if (this.#due === 0) this.#due = now + RECOVERY_DELAY_MS
    if (this.#isForBurning(this.#due)) this.#due++
    await this.#deps.storage.setAlarm(this.#due)
  }

  /**
   * Sets the next alarm: after the usual delay while a delivery or other work is pending, or else for the next retry of
   * undelivered messages, or for the end of a private message. A busy period's own alarm handles all of them.
   */
  async rearm(now: number): Promise<void> {
    if (this.#due > now) return
    const { isBusy, hasPendingWork, retryAt, burnAt, storage } = this.#deps
    if (isBusy() || hasPendingWork()) return this.arm(now)
    this.#leave(null)
    const times = [retryAt(now), burnAt()].filter((time) => time !== null)
    if (times.length > 0) await storage.setAlarm(Math.min(...times))
  }

  /**
   * Handles the alarm that was due at a time (ms).
   * @param burn erases the private messages whose time is over
   */
  async fire(due: number, work: readonly PendingWork[], burn: () => void = () => {}): Promise<void> {
    const began = due - RECOVERY_DELAY_MS
    // With the queues of this busy period in memory, only undelivered receivers are left. After a restart, redeliver
    // all.
    if (this.#due === 0 && !this.#isForBurning(due)) this.#redeliver(began)
    this.#due = 0
    // A message may start the next busy period from here on. Its alarm would miss older deliveries, so note their time.
    this.#leave(this.#deps.pendingSince(Math.min(began, this.#leftSince ?? began)))
    await this.#resume(work)
    // The alarm ends after all its webhooks: the next busy period repeats only those of its own messages.
    await this.#deps.retryUndelivered()
    burn()
    await this.rearm(Date.now())
  }

  /** Whether an alarm was set for the end of a private message alone. No busy period's alarm has the same time. */
  #isForBurning(due: number): boolean {
    return this.#deps.burnAt() === due
  }

  #redeliver(began: number): void {
    this.#deps.redeliver(Math.min(began, this.#leftSince ?? began), began)
  }

  /** Completes the pending work. Work that fails stays pending, and the next alarm retries it. */
  async #resume(work: readonly PendingWork[]): Promise<void> {
    for (const unfinished of work) {
      if (!unfinished.pending) continue
      try {
        await unfinished.resume(Date.now())
      } catch (error) {
        const { operationID } = unfinished
        this.#deps.log().error('resume of a pending change failed', error, { operationID })
      }
    }
  }

  #leave(since: number | null): void {
    if (since === this.#leftSince) return
    const { sql } = this.#deps.storage
    if (since === null) sql.exec('DELETE FROM spell')
    else sql.exec('INSERT OR REPLACE INTO spell (id, since) VALUES (1, ?)', since)
    this.#leftSince = since
  }
}
