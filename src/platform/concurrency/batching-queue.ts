interface Waiting<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * One call at a time to one destination; what arrives while a call is under way goes together in the next one.
 * Order is kept, a lone item leaves at once, and load makes the batches larger instead of the queue longer: after a
 * call that carried several items the next one waits for a turn of the event loop, because the answer to the last has
 * just made room for as many again. Without that turn the first of them would leave alone.
 */
export class BatchingQueue<Item, Result> {
  #waiting: Waiting<Item, Result>[] = []
  #running: Promise<void> | null = null
  #crowded = false
  readonly #send: (items: Item[]) => Promise<Result[]>
  readonly #maxItems: number

  /** @param send answers with one result per item, in order; when it throws, the whole batch has failed */
  constructor(send: (items: Item[]) => Promise<Result[]>, maxItems: number) {
    this.#send = send
    this.#maxItems = maxItems
  }

  get busy(): boolean {
    return this.#running !== null
  }

  /** Whether the last call carried several items: the next ones will not come alone either. */
  get crowded(): boolean {
    return this.#crowded
  }

  push(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#crowded && this.#waiting.length < this.#maxItems) await nextTurn()
      const batch = this.#waiting.splice(0, this.#maxItems)
      this.#crowded = batch.length > 1
      try {
        const results = await this.#send(batch.map((entry) => entry.item))
        if (results.length !== batch.length) throw new Error('a batch was answered with another number of results')
        for (let i = 0; i < batch.length; i++) batch[i]?.resolve(results[i] as Result)
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
    }
    this.#running = null
  }
}

/** Lets in the events that have arrived already. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
