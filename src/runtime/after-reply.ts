import { sleep } from '../platform/concurrency/backoff.ts'
import type { Log } from '../platform/observability/log.ts'

/**
 * The reply leaves when the handler returns. After this pause the client has read the reply before a push reaches it on
 * another connection. Awaiting the write of the reply would not help: the runtime buffers the bytes at once.
 */
const HEAD_START_MS = 25

/**
 * Work that must not overtake the reply to the call that caused it: a client that receives a push about its own change
 * before the call returns takes the change for another user's. The tasks are lost when the isolate dies, so a task may
 * only send data that clients also get from a sync.
 */
export class AfterReply {
  readonly #tasks: (() => Promise<unknown>)[] = []

  add(task: () => Promise<unknown>): void {
    this.#tasks.push(task)
  }

  get hasTasks(): boolean {
    return this.#tasks.length > 0
  }

  /** Runs the tasks in the order they were added. A task that fails is logged, and the next tasks still run. */
  async run(log: Log): Promise<void> {
    if (!this.hasTasks) return
    await sleep(HEAD_START_MS)
    for (const task of this.#tasks) {
      try {
        await task()
      } catch (error) {
        log.error('task after the reply failed', error)
      }
    }
  }
}
