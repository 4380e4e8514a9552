/**
 * Starts tasks of one key in the order in which they entered, although each task waits for its own condition first. A
 * task that is ready early does not overtake earlier tasks. Keys are independent of each other.
 */
export class BeforeSendGate {
  readonly #tails = new Map<string, Promise<void>>()

  /** Whether a task of this key has entered and has not started. */
  hasWaiting(key: string): boolean {
    return this.#tails.has(key)
  }

  /**
   * Starts a task when `ready` has resolved and every earlier task of the key has started. When `ready` rejects, only
   * this task fails; the later ones go on.
   */
  enter<Given, Result>(key: string, ready: Promise<Given>, start: (given: Given) => Promise<Result>): Promise<Result> {
    // `started` handles a rejection when the task's turn comes; until then it must not count as unhandled.
    ready.catch(() => {})
    const before = this.#tails.get(key) ?? Promise.resolve()
    const started = before.then(() => ready).then((given) => ({ running: start(given) }))
    const tail: Promise<void> = started
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key)
      })
    this.#tails.set(key, tail)
    return started.then(({ running }) => running)
  }
}
