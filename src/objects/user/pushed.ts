/**
 * How far each log was pushed to the live sockets, and how far it is known to reach. Only in memory: after a
 * hibernation nothing is known, and a message that comes twice is dropped by the device.
 */
export class Pushed {
  readonly #upTo = new Map<string, number>()

  /** The last seq that was pushed, or null when that is not known. */
  upTo(conversationID: string): number | null {
    return this.#upTo.get(conversationID) ?? null
  }

  advance(conversationID: string, seq: number): void {
    if (seq > (this.#upTo.get(conversationID) ?? 0)) this.#upTo.set(conversationID, seq)
  }
}
