import type { GroupChange } from '../../../contracts/group-change.ts'
import { Intents } from './intents.ts'

/** What a group's changes stand on. */
export interface GroupChangesDeps<Applied, Done> {
  storage: DurableObjectStorage
  /** Makes sure that the conversation knows its members. @throws ImError why there is no such group */
  open(change: GroupChange): Promise<void>
  /**
   * @returns the change with all that is known only now
   * @throws ImError why it does not fit what the group is now
   */
  settle(change: GroupChange): GroupChange
  /**
   * Writes down who the members are, unless it is written, and sees to it that the intent is taken up again after a
   * crash. (After it D1 may tell of the change already, so the members must not be read from there then.)
   */
  prepare(change: GroupChange): void
  /** Writes the change to D1; writing it again does no harm. */
  apply(change: GroupChange): Promise<Applied>
  /** Takes the change over here and tells the members, within one transaction. */
  commit(change: GroupChange, applied: Applied): Done
  /** Goes on once that transaction is through. */
  committed(done: Done, change: GroupChange): void
  /** Whether D1 has refused a change in such a way that it is refused for ever, and has nothing of it. */
  isPermanentError(error: unknown): boolean
  /** A change was given up, as if it had never been asked for. */
  gaveUp(change: GroupChange, error: unknown): void
}

/**
 * Carries out the changes of a group, one after the other, so that D1 and this conversation cannot stay apart: first
 * the intent is written here, then the change to D1, then here, where the intent is struck out in the same transaction.
 * Whatever the moment of a crash, either nothing has happened or the intent is found at the next wake and carried out
 * to its end. What D1 refuses for ever is given up, since nothing else could be changed behind it.
 */
export class GroupChanges<Applied, Done> {
  readonly #deps: GroupChangesDeps<Applied, Done>
  readonly #intents: Intents
  #last: Promise<unknown> = Promise.resolve()
  #pending: boolean

  constructor(deps: GroupChangesDeps<Applied, Done>) {
    this.#deps = deps
    this.#intents = new Intents(deps.storage.sql)
    this.#pending = this.#intents.count > 0
  }

  /** Whether an intent waits that nobody carries out. */
  get pending(): boolean {
    return this.#pending
  }

  /** The operation whose change is carried out next; "" when none waits. */
  get operationID(): string {
    return this.#intents.all()[0]?.change.operationID ?? ''
  }

  change(change: GroupChange): Promise<Done> {
    return this.#inTurn(async () => {
      await this.#carryOutPending()
      await this.#deps.open(change)
      const settled = this.#deps.settle(change)
      const outcome = await this.#carryOut(this.#write(settled), settled)
      if (!outcome.ok) throw outcome.refusal
      return outcome.done
    })
  }

  /** Carries out what a crash, or D1's absence, has left behind. */
  resume(): Promise<void> {
    return this.#inTurn(() => this.#carryOutPending())
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run, run)
    this.#last = turn
    return turn
  }

  async #carryOutPending(): Promise<void> {
    if (!this.#pending) return
    for (const { id, change } of this.#intents.all()) await this.#carryOut(id, change)
    this.#pending = false
  }

  #write(change: GroupChange): number {
    return this.#deps.storage.transactionSync(() => {
      this.#deps.prepare(change)
      return this.#intents.add(change)
    })
  }

  /** @throws whatever keeps the change from being carried out now; it is tried again */
  async #carryOut(
    id: number,
    change: GroupChange,
  ): Promise<{ ok: true; done: Done } | { ok: false; refusal: unknown }> {
    const { storage, committed, commit } = this.#deps
    // The intent must be on disk before D1 can know of it.
    await storage.sync()
    try {
      const applied = await this.#apply(id, change)
      if (!applied.ok) return applied
      const done = storage.transactionSync(() => {
        this.#intents.remove(id)
        return commit(change, applied.applied)
      })
      committed(done, change)
      return { ok: true, done }
    } catch (error) {
      this.#pending = true
      throw error
    }
  }

  async #apply(
    id: number,
    change: GroupChange,
  ): Promise<{ ok: true; applied: Applied } | { ok: false; refusal: unknown }> {
    const { apply, isPermanentError: isRefusal, gaveUp } = this.#deps
    try {
      return { ok: true, applied: await apply(change) }
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal
      this.#deps.storage.transactionSync(() => this.#intents.remove(id))
      gaveUp(change, refusal)
      return { ok: false, refusal }
    }
  }
}
