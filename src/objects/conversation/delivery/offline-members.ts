import type { LogName } from '../../../contracts/messages.ts'
import type { DeliveryResult } from '../../../contracts/user.ts'

/**
 * The offline members whose log is already marked unread. Delivery to these members is skipped until a device connects:
 * the member's object then first asks this conversation for its state (`objects/user/messages/reconnect.ts`). Memory
 * only: losing an entry costs one redundant delivery.
 */
export class OfflineMembers {
  /** The logs that are marked unread, by user. */
  readonly #logs = new Map<string, Set<LogName>>()
  /** Members with a delivery in flight, and whether they resumed meanwhile: they may be online by now. */
  readonly #inFlight = new Map<string, { resumed: boolean }>()

  /** Whether a message needs no delivery. An unstored message (seq 0) needs none to any offline member. */
  skips(userID: string, log: LogName, seq: number): boolean {
    const logs = this.#logs.get(userID)
    return logs !== undefined && (seq === 0 || logs.has(log))
  }

  /** Waits for the result of a delivery. If the member is offline and marked, later deliveries are skipped. */
  async track(userID: string, log: LogName, delivered: Promise<DeliveryResult>): Promise<void> {
    const delivery = { resumed: false }
    this.#inFlight.set(userID, delivery)
    try {
      const result = await delivered
      if (result !== 'marked') this.#logs.delete(userID)
      else if (!delivery.resumed) this.#add(userID, log)
    } finally {
      this.#inFlight.delete(userID)
    }
  }

  /** Skips no further delivery to a member. */
  resume(userID: string): void {
    this.#logs.delete(userID)
    const delivery = this.#inFlight.get(userID)
    if (delivery) delivery.resumed = true
  }

  #add(userID: string, log: LogName): void {
    const logs = this.#logs.get(userID)
    if (logs) logs.add(log)
    else this.#logs.set(userID, new Set([log]))
  }
}
