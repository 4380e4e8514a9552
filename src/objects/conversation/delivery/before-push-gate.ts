import type { Audience } from '../../../webhook/before-push.ts'

/** Messages that proceed together, once their audiences are known. */
interface Step<M> {
  messages: readonly M[]
  proceed(audiences: readonly Audience[]): void
}

export interface BeforePushGateDeps<M> {
  /** Whether the app server is asked about a message. */
  needsWebhook(message: M): boolean
  /**
   * Asks the app server, at most until the webhook's timeout. It never fails: an internal error must not stop a push.
   */
  callWebhook(message: M): Promise<Audience>
  /** Called when a step throws an error. */
  failed(error: unknown): void
}

/**
 * The messages of one conversation that wait for the before-push webhook. The gate asks the app server about the
 * messages in parallel, and releases the messages in the order in which they arrived, so no message waits longer than
 * the webhook's timeout. A message that needs no webhook, with no message before it, proceeds without waiting. The gate
 * is in memory only: after a crash, the log still has its messages.
 */
export class BeforePushGate<M> {
  readonly #deps: BeforePushGateDeps<M>
  readonly #steps = new Set<Step<M>>()
  #tail: Promise<void> = Promise.resolve()

  constructor(deps: BeforePushGateDeps<M>) {
    this.#deps = deps
  }

  /** True while a message waits for the app server. */
  get busy(): boolean {
    return this.#steps.size > 0
  }

  /** Resolves when all messages that are in the gate now have proceeded. */
  get cleared(): Promise<void> {
    return this.#tail
  }

  /** Whether a message has to wait, for the app server or for a message before it. */
  holds(message: M): boolean {
    return this.busy || this.#deps.needsWebhook(message)
  }

  /** The messages that wait. */
  *waiting(): Generator<M> {
    for (const { messages } of this.#steps) yield* messages
  }

  /**
   * Calls `proceed` when the app server has answered about each message. If no message needs the webhook and the gate
   * is empty, the call happens in the same turn.
   */
  pass(messages: readonly M[], proceed: (audiences: readonly Audience[]) => void): void {
    const { needsWebhook, callWebhook, failed } = this.#deps
    if (!this.busy && !messages.some((message) => needsWebhook(message))) {
      proceed(messages.map(() => 'everybody'))
      return
    }
    const step = { messages, proceed }
    this.#steps.add(step)
    const answers = Promise.all(messages.map((message) => (needsWebhook(message) ? callWebhook(message) : 'everybody')))
    this.#tail = this.#tail
      .then(() => answers)
      .then(proceed)
      .catch(failed)
      .finally(() => this.#steps.delete(step))
  }
}
