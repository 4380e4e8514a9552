import { inspect } from 'node:util'

/** One callback of an SDK, as it emitted it. */
export interface SdkEvent {
  event: string
  data: unknown
  errCode: number
  errMsg: string
}

/** So long that a machine with ten other things to do is not taken for a service that does nothing. */
export const WAIT_TIMEOUT_MS = 60_000

/** What happened to a client, in order; a test waits on it instead of on time. */
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

  /** A place in the journal: what comes later is `all.slice(mark)`. */
  get mark(): number {
    return this.#entries.length
  }

  push(entry: T): void {
    this.#entries.push(entry)
    for (const watcher of this.#watchers) watcher()
  }

  /** Asks again after every entry until there is an answer. */
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
        reject(new Error(`${this.#owner}: no ${what} within ${timeoutMs} ms; so far:\n${this.describe()}`))
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

  /** The first event of that name that satisfies the predicate, be it past (from the mark on) or still to come. */
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
