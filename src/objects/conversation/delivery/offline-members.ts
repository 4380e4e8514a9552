import type { LogName } from '../../../contracts/messages.ts'
import type { DeliveryResult } from '../../../contracts/user.ts'

/**
 * The members to whom nothing has to be brought: no device of theirs is connected, and the next that connects asks this
 * conversation first (`objects/user/come-back.ts`). Only in memory: who is forgotten is brought one message too many.
 */
export class OfflineMembers {
  /** By user, the logs that are marked there. */
  readonly #logs = new Map<string, Set<LogName>>()
  /** Those who are being handed something, and whether they have asked meanwhile: they may be here by now. */
  readonly #underWay = new Map<string, { resumed: boolean }>()

  /** Whether a message of a log need not be brought; one that is not stored (seq 0) is nothing to the absent at all. */
  skips(userID: string, log: LogName, seq: number): boolean {
    const logs = this.#logs.get(userID)
    return logs !== undefined && (seq === 0 || logs.has(log))
  }

  /** Waits for what one delivery finds, and spares the member the next ones if it finds nobody. */
  async track(userID: string, log: LogName, delivered: Promise<DeliveryResult>): Promise<void> {
    const call = { resumed: false }
    this.#underWay.set(userID, call)
    try {
      const reception = await delivered
      if (reception !== 'marked') this.#logs.delete(userID)
      else if (!call.resumed) this.#add(userID, log)
    } finally {
      this.#underWay.delete(userID)
    }
  }

  /** Everything is brought to that member again. */
  resume(userID: string): void {
    this.#logs.delete(userID)
    const call = this.#underWay.get(userID)
    if (call) call.resumed = true
  }

  #add(userID: string, log: LogName): void {
    const logs = this.#logs.get(userID)
    if (logs) logs.add(log)
    else this.#logs.set(userID, new Set([log]))
  }
}
