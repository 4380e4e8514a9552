import type { ConversationRpc } from '../../../contracts/conversation.ts'
import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'

/** Maximum number of messages in one append call. */
const MAX_BATCH = 64

/** More queues than a user writes to at a time; beyond this number, idle queues are dropped. */
const MAX_QUEUES = 200

interface ConversationQueue {
  appends: BatchingQueue<AppendItem, AppendResult>
  /** Number of messages whose result has not reached the sender's devices yet. */
  unfinished: number
  /** Run when the next of these messages is finished. */
  tasks: (() => void)[]
}

/**
 * The user's own messages until they are stored and pushed back to the sender's devices. Each conversation has one
 * append call in flight; messages sent in the meantime go together in the next call.
 */
export class Outbox {
  readonly #queues = new Map<string, ConversationQueue>()
  readonly #conversation: (home: string) => ConversationRpc

  constructor(conversation: (home: string) => ConversationRpc) {
    this.#conversation = conversation
  }

  /**
   * Counts a message as unfinished.
   * @returns a function to call when the sender's devices have the message, or when it failed
   */
  begin(home: string): () => void {
    const queue = this.#queue(home)
    queue.unfinished++
    return () => {
      queue.unfinished--
      for (const task of queue.tasks.splice(0)) task()
    }
  }

  append(home: string, item: AppendItem): Promise<AppendResult> {
    return this.#queue(home).appends.push(item)
  }

  /** Runs a task when the next unfinished message to the conversation is finished. */
  runAfterNext(home: string, task: () => void): void {
    this.#queue(home).tasks.push(task)
  }

  hasUnfinished(home: string): boolean {
    return (this.#queues.get(home)?.unfinished ?? 0) > 0
  }

  #queue(home: string): ConversationQueue {
    let queue = this.#queues.get(home)
    if (!queue) {
      if (this.#queues.size >= MAX_QUEUES) this.#dropIdle()
      const conversation = this.#conversation(home)
      queue = {
        appends: new BatchingQueue((items) => conversation.append(items), MAX_BATCH),
        unfinished: 0,
        tasks: [],
      }
      this.#queues.set(home, queue)
    }
    return queue
  }

  #dropIdle(): void {
    for (const [home, { appends, unfinished }] of this.#queues) {
      if (unfinished === 0 && !appends.isBusy) this.#queues.delete(home)
    }
  }
}
