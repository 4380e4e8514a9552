/**
 * Lines of things that each wait for something and then begin in the order they came: what was ready early does not
 * overtake. Lines are independent of each other.
 */
export class OrderedGate {
  readonly #tails = new Map<string, Promise<void>>()

  /** Whether something waits in this line. */
  waits(line: string): boolean {
    return this.#tails.has(line)
  }

  /**
   * Begins when `ready` has come and all that was before in the line has begun; a failure of `ready` only takes its
   * own place out of the line.
   */
  begin<Given, Result>(line: string, ready: Promise<Given>, begin: (given: Given) => Promise<Result>): Promise<Result> {
    // It is looked at when its turn comes; until then a failure is nobody's.
    ready.catch(() => {})
    const before = this.#tails.get(line) ?? Promise.resolve()
    const begun = before.then(() => ready).then((given) => ({ running: begin(given) }))
    const tail: Promise<void> = begun
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#tails.get(line) === tail) this.#tails.delete(line)
      })
    this.#tails.set(line, tail)
    return begun.then(({ running }) => running)
  }
}
