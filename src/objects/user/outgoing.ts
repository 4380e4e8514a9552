import { Lane } from '../../platform/lane.ts'
import type { AppendItem, AppendResult, ConversationRpc } from '../../platform/rpc.ts'

/** What one append call carries at most. */
const MAX_BATCH = 64

/**
 * The user's messages on their way into conversations: one append in flight per conversation, what is sent meanwhile
 * goes together in the next one.
 */
export class Outgoing {
  readonly #lanes = new Map<string, Lane<AppendItem, AppendResult>>()
  readonly #sends = new Map<string, Set<Promise<void>>>()
  readonly #conversation: (home: string) => ConversationRpc

  constructor(conversation: (home: string) => ConversationRpc) {
    this.#conversation = conversation
  }

  /**
   * Notes that a message is on its way.
   * @returns to be called when the sender's devices have it, or when it failed
   */
  begin(home: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const sends = this.#sends.get(home) ?? new Set()
    this.#sends.set(home, sends.add(promise))
    return () => {
      resolve()
      sends.delete(promise)
      if (sends.size === 0 && this.#sends.get(home) === sends) this.#sends.delete(home)
    }
  }

  async append(home: string, item: AppendItem): Promise<AppendResult> {
    const lane = this.#lane(home)
    try {
      return await lane.push(item)
    } finally {
      if (!lane.busy) this.#lanes.delete(home)
    }
  }

  busy(home: string): boolean {
    return this.#sends.has(home)
  }

  /** Resolves when the messages that are on their way now have arrived; later ones are not waited for. */
  async settled(home: string): Promise<void> {
    await Promise.all(this.#sends.get(home) ?? [])
  }

  #lane(home: string): Lane<AppendItem, AppendResult> {
    let lane = this.#lanes.get(home)
    if (!lane) {
      const conversation = this.#conversation(home)
      lane = new Lane((items) => conversation.append(items), MAX_BATCH)
      this.#lanes.set(home, lane)
    }
    return lane
  }
}
