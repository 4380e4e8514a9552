import { failureFrom } from '../errors.ts'
import type { ClientError, RangeOptions, Store, StoreChange, StoreKey, StoreTable } from '../types.ts'
import { MemoryStore } from './memory.ts'

/**
 * The rows of the local store. Changes of one moment are written together. When the store fails, the client goes on in
 * memory: the server has everything but drafts and unsent messages.
 */
export class Rows {
  #store: Store
  #queued: StoreChange[] = []
  #written: Promise<void> = Promise.resolve()
  #isPersistent: boolean
  readonly #onLost: (error: ClientError) => void

  constructor(store: Store, isPersistent: boolean, onLost: (error: ClientError) => void) {
    this.#store = store
    this.#isPersistent = isPersistent
    this.#onLost = onLost
  }

  get isPersistent(): boolean {
    return this.#isPersistent
  }

  /** Queues changes; those of one task form one transaction. */
  put(...changes: StoreChange[]): void {
    if (changes.length === 0) return
    this.#queued.push(...changes)
    if (this.#queued.length > changes.length) return
    this.#written = this.#written.then(() => this.#flush())
  }

  /** Resolves when all changes queued before this call are written. */
  flush(): Promise<void> {
    return this.#written
  }

  async get<T>(table: StoreTable, key: StoreKey): Promise<T | undefined> {
    await this.#written
    return this.#orInMemory(() => this.#store.get<T>(table, key))
  }

  async range<T>(table: StoreTable, from: StoreKey, to: StoreKey, options?: RangeOptions): Promise<T[]> {
    await this.#written
    return this.#orInMemory(() => this.#store.range<T>(table, from, to, options))
  }

  async close(): Promise<void> {
    await this.#written
    await this.#store.close()
  }

  async destroy(): Promise<void> {
    await this.#written
    await this.#store.destroy()
  }

  async #flush(): Promise<void> {
    const changes = this.#queued
    this.#queued = []
    await this.#orInMemory(() => this.#store.write(changes))
  }

  async #orInMemory<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!this.#isPersistent) throw error
      this.#isPersistent = false
      this.#store = new MemoryStore()
      this.#onLost(failureFrom(error, 'the local store'))
      return work()
    }
  }
}
