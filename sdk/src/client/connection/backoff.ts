const FIRST_MS = 1_000
const MAX_MS = 30_000

/** Waiting times between attempts: at random below a bound that doubles from 1 s to 30 s. */
export class Backoff {
  #attempts = 0
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Full jitter: clients that lost the same server must not return at the same moment. */
  nextMs(): number {
    const bound = Math.min(MAX_MS, FIRST_MS * 2 ** this.#attempts)
    this.#attempts++
    return Math.floor(this.#random() * bound)
  }

  reset(): void {
    this.#attempts = 0
  }
}
