import { WorkerEntrypoint } from 'cloudflare:workers'
import worker, {
  ConversationObject as Conversation,
  RelayObject as Relay,
  UserObject as User,
} from '../../../src/worker.ts'
import { type Delivered, type LocalBindings, localSettings, queueObject, withLocalQueues } from './bindings.ts'

/*
 * The Worker of the local server: the unchanged service, with queues that survive a crash and crons that run. A
 * deployment uses Cloudflare's queues and crons, and contains none of this.
 */

export { MetricsObject } from '../../../src/worker.ts'
export { LocalCronObject } from './cron-object.ts'
export { LocalQueueObject } from './queue-object.ts'

export class UserObject extends User {
  constructor(state: DurableObjectState, env: LocalBindings) {
    super(state, withLocalQueues(env))
  }
}

export class ConversationObject extends Conversation {
  constructor(state: DurableObjectState, env: LocalBindings) {
    super(state, withLocalQueues(env))
  }
}

export class RelayObject extends Relay {
  constructor(state: DurableObjectState, env: LocalBindings) {
    super(state, withLocalQueues(env))
  }
}

let isAwake = false

export default {
  fetch(request, env, ctx): Response | Promise<Response> {
    if (!isAwake) {
      // The first request of each start comes from the program that starts the runtime.
      isAwake = true
      ctx.waitUntil(wake(env))
    }
    return worker.fetch(request, withLocalQueues(env), ctx)
  },
} satisfies ExportedHandler<LocalBindings>

/** Continues what the process before this one has left. */
async function wake(env: LocalBindings): Promise<void> {
  const { consumers } = localSettings(env)
  await Promise.all([
    env.LOCAL_CRON.getByName('crons').wake(),
    ...Object.keys(consumers).map((queue) => queueObject(env, queue).wake(queue)),
  ])
}

/** Runs the service's consumers and crons outside the objects, as Cloudflare does. */
export class LocalJobs extends WorkerEntrypoint<LocalBindings> {
  async deliver(
    queue: string,
    stored: readonly { id: string; body: string; timestamp: number; attempts: number }[],
  ): Promise<[string, Delivered][]> {
    const decided = new Map<string, Delivered>()
    // The first decision about a message counts.
    const decide = (id: string, delivered: Delivered) => decided.has(id) || decided.set(id, delivered)
    const decideAll = (delivered: Delivered) => {
      for (const { id } of stored) decide(id, delivered)
    }
    const messages = stored.map(({ id, body, timestamp, attempts }) => ({
      id,
      timestamp: new Date(timestamp),
      body: JSON.parse(body) as unknown,
      attempts,
      ack: () => void decide(id, { outcome: 'ack' }),
      retry: (options?: QueueRetryOptions) => void decide(id, { outcome: 'retry', ...options }),
    }))
    const batch = {
      queue,
      messages,
      metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
      ackAll: () => decideAll({ outcome: 'ack' }),
      retryAll: (options?: QueueRetryOptions) => decideAll({ outcome: 'retry', ...options }),
    }
    try {
      await worker.queue(batch, withLocalQueues(this.env), this.ctx)
      decideAll({ outcome: 'ack' })
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', message: 'queue consumer failed', queue, error: String(error) }))
      decideAll({ outcome: 'retry' })
    }
    return [...decided]
  }

  async runCron(cron: string, scheduledTime: number): Promise<void> {
    await worker.scheduled({ cron, scheduledTime, noRetry: () => {} }, withLocalQueues(this.env), this.ctx)
  }
}
