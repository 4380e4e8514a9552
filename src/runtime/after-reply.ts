import type { Log } from '../platform/observability/log.ts'

/**
 * The answer leaves when the handler returns; this much later the client has taken it from its connection before a push
 * reaches another one. Waiting for its bytes to be written orders nothing: the runtime has written them at once.
 */
const HEAD_START_MS = 25

/**
 * Work that must not overtake the answer to the call that caused it: a client that hears of its own change by push
 * before the call returns takes it for somebody else's. Only what clients can learn in another way too belongs here,
 * since it is lost when the isolate dies in that moment.
 */
export class AfterReply {
  readonly #tasks: (() => Promise<unknown>)[] = []

  add(task: () => Promise<unknown>): void {
    this.#tasks.push(task)
  }

  /** Whether there is anything to run. */
  get waits(): boolean {
    return this.#tasks.length > 0
  }

  /** Runs the tasks in the order they were added; one that fails is logged and holds up none of the others. */
  async run(log: Log): Promise<void> {
    if (!this.waits) return
    await new Promise((resolve) => setTimeout(resolve, HEAD_START_MS))
    for (const task of this.#tasks) {
      try {
        await task()
      } catch (error) {
        log.error('work after the reply failed', error)
      }
    }
  }
}
