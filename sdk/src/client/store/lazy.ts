import type { RangeOptions, Store, StoreChange, StoreKey, StoreTable } from '../types.ts'

/** A store that is still being opened: reads and writes wait for it. */
export class LazyStore implements Store {
  /** Resolves when the store is open. */
  readonly opened: Promise<void>
  readonly #opening: Promise<Store>
  #isPersistent = false

  constructor(opening: Promise<{ store: Store; isPersistent: boolean }>) {
    this.#opening = opening.then(({ store, isPersistent }) => {
      this.#isPersistent = isPersistent
      return store
    })
    this.opened = this.#opening.then(() => {})
  }

  /** Whether what is written survives a reload. */
  get isPersistent(): boolean {
    return this.#isPersistent
  }

  async get<T>(table: StoreTable, key: StoreKey): Promise<T | undefined> {
    return (await this.#opening).get<T>(table, key)
  }

  async range<T>(table: StoreTable, from: StoreKey, to: StoreKey, options?: RangeOptions): Promise<T[]> {
    return (await this.#opening).range<T>(table, from, to, options)
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    return (await this.#opening).write(changes)
  }

  async close(): Promise<void> {
    return (await this.#opening).close()
  }

  async destroy(): Promise<void> {
    return (await this.#opening).destroy()
  }
}
