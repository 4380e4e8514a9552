import { sleep } from './backoff.ts'

/** Long enough for the runtime to read from the network, which it does only when it has no other work. */
const PAUSE_MS = 1

/**
 * Limits how much work of one kind runs at the same time, and pauses after each piece. A local server reads new requests
 * only when its one thread has nothing else to do. Without the pauses, a thousand calls of objects delay every other
 * call until the last of them has ended.
 */
export class Pace {
  readonly #waiting: (() => void)[] = []
  #free: number

  /** @param maxParallel the most pieces of work that run at the same time */
  constructor(maxParallel: number) {
    this.#free = maxParallel
  }

  /** Runs the work when its turn comes. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      void sleep(PAUSE_MS).then(() => this.#next())
    }
  }

  #next(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
