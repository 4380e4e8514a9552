import type { Audience } from '../../../webhook/before-push.ts'

/** Begins something once its messages' audiences are known. */
interface Step<P> {
  messages: readonly P[]
  go(audiences: readonly Audience[]): void
}

export interface WebhookGateDeps<P> {
  /** Whether the app is asked about a message. */
  asks(message: P): boolean
  /** What the app says. It may take as long as the hook's limit; what fails without its doing must not stop a push. */
  ask(message: P): Promise<Audience>
  /** A step could not be gone. */
  failed(error: unknown): void
}

/**
 * The messages of one conversation on their way past the app, which is asked about them side by side. They go on in
 * the order they came, so that none waits longer than the hook's limit, however many there are. Nothing is awaited, nor
 * waits, where the app is not asked. The line is only in memory: what it held when the object died is in the log.
 */
export class WebhookGate<P> {
  readonly #deps: WebhookGateDeps<P>
  readonly #steps = new Set<Step<P>>()
  #tail: Promise<void> = Promise.resolve()

  constructor(deps: WebhookGateDeps<P>) {
    this.#deps = deps
  }

  /** True while something waits for the app. */
  get busy(): boolean {
    return this.#steps.size > 0
  }

  /** Resolves when all that is in the line now has gone on. */
  get cleared(): Promise<void> {
    return this.#tail
  }

  /** Whether a message has to wait: for the app, or for what is before it. */
  holds(message: P): boolean {
    return this.busy || this.#deps.asks(message)
  }

  /** The messages that wait. */
  *waiting(): Generator<P> {
    for (const { messages } of this.#steps) yield* messages
  }

  /**
   * Goes on with some messages when the app has been heard about each: in the same turn where it is asked about none of
   * them and nothing is before them.
   */
  pass(messages: readonly P[], go: (audiences: readonly Audience[]) => void): void {
    const { asks, ask, failed } = this.#deps
    if (!this.busy && !messages.some((message) => asks(message))) {
      go(messages.map(() => 'everybody'))
      return
    }
    const step = { messages, go }
    this.#steps.add(step)
    const answers = Promise.all(messages.map((message) => (asks(message) ? ask(message) : 'everybody')))
    this.#tail = this.#tail
      .then(() => answers)
      .then(go)
      .catch(failed)
      .finally(() => this.#steps.delete(step))
  }
}
