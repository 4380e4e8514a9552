import type { ConversationRpc } from '../../../contracts/conversation.ts'
import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'

/** What one append call carries at most. */
const MAX_BATCH = 64

/** As many conversations as a user usually writes into. */
const MAX_AT_HAND = 200

/** The way into one conversation. */
interface ConversationQueue {
  lane: BatchingQueue<AppendItem, AppendResult>
  /** How many messages are on it, those included whose answer is not with the sender's devices yet. */
  underWay: number
  /** To be done once the next of them is through. */
  tasks: (() => void)[]
}

/**
 * The user's messages on their way into conversations: one append in flight per conversation, what is sent meanwhile
 * goes together in the next one.
 */
export class Outbox {
  readonly #queues = new Map<string, ConversationQueue>()
  readonly #conversation: (home: string) => ConversationRpc

  constructor(conversation: (home: string) => ConversationRpc) {
    this.#conversation = conversation
  }

  /**
   * Notes that a message is on its way.
   * @returns to be called when the sender's devices have it, or when it failed
   */
  begin(home: string): () => void {
    const way = this.#queue(home)
    way.underWay++
    return () => {
      way.underWay--
      for (const task of way.tasks.splice(0)) task()
    }
  }

  append(home: string, item: AppendItem): Promise<AppendResult> {
    return this.#queue(home).lane.push(item)
  }

  /** Does something once the next message on its way into the conversation is through. */
  afterNext(home: string, task: () => void): void {
    this.#queue(home).tasks.push(task)
  }

  busy(home: string): boolean {
    return (this.#queues.get(home)?.underWay ?? 0) > 0
  }

  #queue(home: string): ConversationQueue {
    let way = this.#queues.get(home)
    if (!way) {
      if (this.#queues.size >= MAX_AT_HAND) this.#forgetResting()
      const conversation = this.#conversation(home)
      way = { lane: new BatchingQueue((items) => conversation.append(items), MAX_BATCH), underWay: 0, tasks: [] }
      this.#queues.set(home, way)
    }
    return way
  }

  #forgetResting(): void {
    for (const [home, { lane, underWay }] of this.#queues) if (underWay === 0 && !lane.isBusy) this.#queues.delete(home)
  }
}
