import { inspect } from 'node:util'

/** One callback of an SDK, as it emitted it. */
export interface SdkEvent {
  event: string
  data: unknown
  errCode: number
  errMsg: string
}

/** Long enough that a busy machine is not taken for a service that does not answer. */
export const WAIT_TIMEOUT_MS = 60_000

/** The events of a client in order. Tests wait for an entry instead of for a time. */
export class Journal<T> {
  readonly #owner: string
  readonly #entries: T[] = []
  readonly #watchers = new Set<() => void>()

  constructor(owner: string) {
    this.#owner = owner
  }

  get all(): readonly T[] {
    return this.#entries
  }

  /** The current position: later entries are `all.slice(mark)`. */
  get mark(): number {
    return this.#entries.length
  }

  push(entry: T): void {
    this.#entries.push(entry)
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls `answer` after every new entry until it returns a value. */
  until<R>(what: string, answer: () => R | null | undefined, timeoutMs = WAIT_TIMEOUT_MS): Promise<R> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = answer()
        if (found === null || found === undefined) return
        stop()
        resolve(found)
      }
      const stop = () => {
        clearTimeout(timer)
        this.#watchers.delete(look)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`${this.#owner}: no ${what} within ${timeoutMs} ms; the journal:\n${this.describe()}`))
      }, timeoutMs)
      this.#watchers.add(look)
      look()
    })
  }

  describe(): string {
    return this.#entries.map((entry) => inspect(entry, { depth: 3, breakLength: 200, maxStringLength: 200 })).join('\n')
  }
}

/** Everything an SDK emitted. */
export class EventLog extends Journal<SdkEvent> {
  count(name: string, from = 0): number {
    return this.all.slice(from).filter(({ event }) => event === name).length
  }

  /**
   * Returns the first event at position `from` or later that has the given name and satisfies the predicate. Waits
   * until such an event arrives.
   */
  waitFor(
    name: string,
    predicate: (event: SdkEvent) => boolean = () => true,
    timeoutMs = WAIT_TIMEOUT_MS,
    from = 0,
  ): Promise<SdkEvent> {
    return this.until(
      `event ${name}`,
      () => this.all.find((event, i) => i >= from && event.event === name && predicate(event)),
      timeoutMs,
    )
  }
}
