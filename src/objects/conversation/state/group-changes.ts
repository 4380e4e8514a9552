import type { GroupChange } from '../../../contracts/group-change.ts'
import { Intents } from './intents.ts'

/** The steps of a group change, in the order in which they run. */
export interface GroupChangeSteps<Applied, Done> {
  /**
   * Loads the members if the conversation does not know them yet, and checks the facts that only D1 has.
   * @throws ImError when there is no such group, or when the change does not fit
   */
  open(change: GroupChange): Promise<void>
  /**
   * Checks the change against the current members.
   * @returns the change, completed with the facts that are only known now
   * @throws ImError when the change does not fit the current state of the group
   */
  settle(change: GroupChange): GroupChange
  /**
   * Runs in the transaction that writes the intent. It writes the members unless they are already written: once D1 has
   * the change, the members must not be read from D1. It also arms the recovery alarm, which resumes the intent after a
   * crash.
   */
  prepare(change: GroupChange): void
  /** Writes the change to D1. It is idempotent. */
  apply(change: GroupChange): Promise<Applied>
  /** Applies the change to this conversation and appends its notices, all within one transaction. */
  commit(change: GroupChange, applied: Applied): Done
  /** Runs after that transaction is committed. */
  committed(done: Done, change: GroupChange): void
  /** Whether D1 refuses the change permanently and has stored no part of it. */
  isPermanentError(error: unknown): boolean
  /** The change was given up: it has no effect, and it is not retried. */
  gaveUp(change: GroupChange, error: unknown): void
}

/**
 * Carries out the changes of a group one after the other, so that D1 and this conversation always agree in the end. It
 * first writes the intent here, then the change to D1, then the change here. The last transaction removes the intent.
 * After a crash either no step has happened, or the next wake finds the intent and completes the change. A change that
 * D1 refuses permanently is given up: it would block every later change.
 */
export class GroupChanges {
  readonly #storage: DurableObjectStorage
  readonly #intents: Intents
  #last: Promise<unknown> = Promise.resolve()
  #pending: boolean

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#intents = new Intents(storage.sql)
    this.#pending = this.#intents.count > 0
  }

  /** Whether an unfinished intent exists that no running call will complete. */
  get pending(): boolean {
    return this.#pending
  }

  /** The operation whose change is carried out next; "" when no intent waits. */
  get operationID(): string {
    return this.#intents.all()[0]?.change.operationID ?? ''
  }

  change<Applied, Done>(change: GroupChange, steps: GroupChangeSteps<Applied, Done>): Promise<Done> {
    return this.#inTurn(async () => {
      await this.#carryOutPending(steps)
      await steps.open(change)
      const settled = steps.settle(change)
      const outcome = await this.#carryOut(this.#write(settled, steps), settled, steps)
      if (!outcome.ok) throw outcome.refusal
      return outcome.done
    })
  }

  /** Completes the stored changes (intents) that are unfinished because this object crashed or D1 was not available. */
  resume<Applied, Done>(steps: GroupChangeSteps<Applied, Done>): Promise<void> {
    return this.#inTurn(() => this.#carryOutPending(steps))
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run, run)
    this.#last = turn
    return turn
  }

  async #carryOutPending<Applied, Done>(steps: GroupChangeSteps<Applied, Done>): Promise<void> {
    if (!this.#pending) return
    for (const { id, change } of this.#intents.all()) await this.#carryOut(id, change, steps)
    this.#pending = false
  }

  #write<Applied, Done>(change: GroupChange, { prepare }: GroupChangeSteps<Applied, Done>): number {
    return this.#storage.transactionSync(() => {
      prepare(change)
      return this.#intents.add(change)
    })
  }

  /** @throws any error that may pass; the next change or alarm retries the intent */
  async #carryOut<Applied, Done>(
    id: number,
    change: GroupChange,
    steps: GroupChangeSteps<Applied, Done>,
  ): Promise<{ ok: true; done: Done } | { ok: false; refusal: unknown }> {
    // The intent must be on disk before D1 can know of it.
    await this.#storage.sync()
    try {
      const applied = await this.#apply(id, change, steps)
      if (!applied.ok) return applied
      const done = this.#storage.transactionSync(() => {
        this.#intents.remove(id)
        return steps.commit(change, applied.applied)
      })
      steps.committed(done, change)
      return { ok: true, done }
    } catch (error) {
      this.#pending = true
      throw error
    }
  }

  async #apply<Applied, Done>(
    id: number,
    change: GroupChange,
    { apply, isPermanentError, gaveUp }: GroupChangeSteps<Applied, Done>,
  ): Promise<{ ok: true; applied: Applied } | { ok: false; refusal: unknown }> {
    try {
      return { ok: true, applied: await apply(change) }
    } catch (refusal) {
      if (!isPermanentError(refusal)) throw refusal
      this.#storage.transactionSync(() => this.#intents.remove(id))
      gaveUp(change, refusal)
      return { ok: false, refusal }
    }
  }
}
