import type { Log } from '../../../platform/observability/log.ts'

/**
 * How long after the first message of a busy spell the alarm looks whether everything was delivered. Shorter than the
 * idle time after which an object leaves memory, so that the alarm normally finds the lanes of this very spell.
 */
export const RECOVERY_DELAY_MS = 8_000

/** Something that was begun and may have to be taken up again. */
interface PendingWork {
  readonly pending: boolean
  /** Of the call that began it, where that is known. */
  readonly operationID?: string
  resume(now: number): Promise<void>
}

/** What a spell stands on. */
export interface RecoveryAlarmDeps {
  storage: DurableObjectStorage
  pendingWork: readonly PendingWork[]
  /** Whether something is on its way to those who take part. */
  busy(): boolean
  /** When the oldest of that was stored; null when nothing of it is. @param began for what has no time of its own */
  pendingSince(began: number): number | null
  /** When to try again what was given up; null when nothing was. */
  retryAt(now: number): number | null
  /** Brings everything again that was stored since; the app may not have been told of what came after `untoldSince`. */
  redeliver(since: number, untoldSince: number): void
  /** Tries again what was given up, and hears the app about all that waits. */
  retryUndelivered(): Promise<void>
  log(): Log
}

/**
 * The busy spell of a conversation: its first message sets the alarm that looks whether everything was delivered. By
 * the time of the alarm a new life of the object knows when the spell began that the old one died in; what an earlier
 * spell has left on its way stands in a row beside it.
 */
export class RecoveryAlarm {
  readonly #deps: RecoveryAlarmDeps
  /** When the alarm of this spell is due; 0 between two spells. */
  #ends = 0
  /** When the oldest message was stored that was still on its way when the last spell ended. */
  #leftSince: number | null

  constructor(deps: RecoveryAlarmDeps) {
    this.#deps = deps
    const [row] = deps.storage.sql.exec<{ since: number }>('SELECT since FROM spell WHERE id = 1').toArray()
    this.#leftSince = row?.since ?? null
  }

  /** Takes up what a previous life left. A pending alarm means that it ended in a busy spell, or that it owed. */
  async wake(now: number): Promise<void> {
    const due = await this.#deps.storage.getAlarm()
    if (due === null) return
    // An alarm further away is for what is owed; were it taken for a spell's, the next message would have none.
    const isSpell = due - RECOVERY_DELAY_MS <= now
    if (isSpell) this.#ends = due
    await this.#resume()
    if (isSpell || this.#leftSince !== null) this.#redeliver(due - RECOVERY_DELAY_MS)
  }

  /** Has the alarm look. It goes into the same commit as the spell's first message, so that no crash can hide it. */
  async arm(now: number): Promise<void> {
    if (this.#ends > now) return
    // An alarm that is late keeps its time, which tells when the spell began.
    if (this.#ends === 0) this.#ends = now + RECOVERY_DELAY_MS
    await this.#deps.storage.setAlarm(this.#ends)
  }

  /**
   * What is still on its way is looked at after the usual time, what was given up after a growing one. The alarm of a
   * spell under way comes first and sees to both.
   */
  async rearm(now: number): Promise<void> {
    if (this.#ends > now) return
    const { busy, pendingWork: unfinished, retryAt, storage } = this.#deps
    if (busy() || unfinished.some((work) => work.pending)) return this.arm(now)
    this.#leave(null)
    const at = retryAt(now)
    if (at !== null) await storage.setAlarm(at)
  }

  /** The alarm has come. */
  async fire(due: number): Promise<void> {
    const began = due - RECOVERY_DELAY_MS
    // With this spell's lanes in memory only what they gave up is left to do; without them the whole spell is.
    if (this.#ends === 0) this.#redeliver(began)
    this.#ends = 0
    // From here on a message may begin the next spell, by whose alarm alone what came before it would be forgotten.
    this.#leave(this.#deps.pendingSince(Math.min(began, this.#leftSince ?? began)))
    await this.#resume()
    // Until the app has been heard and told this alarm is not done: the next one begins where this one ends.
    await this.#deps.retryUndelivered()
    await this.rearm(Date.now())
  }

  #redeliver(began: number): void {
    this.#deps.redeliver(Math.min(began, this.#leftSince ?? began), began)
  }

  /** What cannot be carried out now is tried again at the next alarm; meanwhile everything stays as it is. */
  async #resume(): Promise<void> {
    for (const work of this.#deps.pendingWork) {
      if (!work.pending) continue
      try {
        await work.resume(Date.now())
      } catch (error) {
        const { operationID } = work
        this.#deps.log().error('a change that was begun could not be carried out yet', error, { operationID })
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
