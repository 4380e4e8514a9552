import { Lane } from '../../platform/lane.ts'
import type { AppendItem, AppendResult, ConversationRpc } from '../../platform/rpc.ts'

/** What one append call carries at most. */
const MAX_BATCH = 64

/**
 * The user's messages on their way into conversations: one append in flight per conversation, what is sent meanwhile
 * goes together in the next one.
 */
export class Sends {
  readonly #lanes = new Map<string, Lane<AppendItem, AppendResult>>()
  /** How many messages are on their way into each conversation. */
  readonly #underWay = new Map<string, number>()
  readonly #tasks = new Map<string, (() => void)[]>()
  readonly #conversation: (home: string) => ConversationRpc

  constructor(conversation: (home: string) => ConversationRpc) {
    this.#conversation = conversation
  }

  /**
   * Notes that a message is on its way.
   * @returns to be called when the sender's devices have it, or when it failed
   */
  begin(home: string): () => void {
    this.#underWay.set(home, (this.#underWay.get(home) ?? 0) + 1)
    return () => {
      const left = (this.#underWay.get(home) ?? 1) - 1
      if (left === 0) this.#underWay.delete(home)
      else this.#underWay.set(home, left)
      const tasks = this.#tasks.get(home) ?? []
      this.#tasks.delete(home)
      for (const task of tasks) task()
    }
  }

  async append(home: string, item: AppendItem): Promise<AppendResult> {
    const lane = this.#lane(home)
    try {
      return await lane.push(item)
    } finally {
      if (!lane.busy && !lane.crowded) this.#lanes.delete(home)
    }
  }

  /** Does something once the next message on its way into the conversation is through. */
  afterNext(home: string, task: () => void): void {
    this.#tasks.set(home, [...(this.#tasks.get(home) ?? []), task])
  }

  busy(home: string): boolean {
    return this.#underWay.has(home)
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
