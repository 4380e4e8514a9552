import { sleep } from './backoff.ts'

interface Waiting<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Sends items to one destination, one call at a time. Items that arrive during a call are sent together in the next one.
 * Order is kept, a single item is sent at once, and load makes batches larger instead of the queue longer.
 *
 * After a call with several items, the next call waits for one turn of the event loop: the answers to the last batch
 * cause new items at the same moment, and without that turn the first of them would be sent alone.
 */
export class BatchingQueue<Item, Result> {
  #waiting: Waiting<Item, Result>[] = []
  #running: Promise<void> | null = null
  #isCrowded = false
  readonly #send: (items: Item[]) => Promise<Result[]>
  readonly #maxItems: number

  /** @param send answers one result per item, in order; when it throws, every item of the batch fails */
  constructor(send: (items: Item[]) => Promise<Result[]>, maxItems: number) {
    this.#send = send
    this.#maxItems = maxItems
  }

  get isBusy(): boolean {
    return this.#running !== null
  }

  /** Whether the last call had several items, so that the next items will probably not come alone either. */
  get isCrowded(): boolean {
    return this.#isCrowded
  }

  push(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Lets in the events that have already arrived.
      if (this.#isCrowded && this.#waiting.length < this.#maxItems) await sleep(0)
      const batch = this.#waiting.splice(0, this.#maxItems)
      this.#isCrowded = batch.length > 1
      try {
        const results = await this.#send(batch.map((entry) => entry.item))
        if (results.length !== batch.length) throw new Error('the number of results differs from the number of items')
        for (let i = 0; i < batch.length; i++) batch[i]?.resolve(results[i] as Result)
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
    }
    this.#running = null
  }
}
