import type { Bindings } from '../../../src/env.ts'
import type { LocalCronObject } from './cron-object.ts'
import type { LocalQueueObject } from './queue-object.ts'
import type { LocalJobSettings } from './settings.ts'

/** The bindings of the local server: those of the service, and the objects that stand in for Cloudflare's queues. */
export type LocalBindings = Bindings & {
  LOCAL_JOBS: string
  LOCAL_QUEUE: DurableObjectNamespace<LocalQueueObject>
  LOCAL_CRON: DurableObjectNamespace<LocalCronObject>
}

/** A consumer's decision about one message. */
export interface Delivered {
  outcome: 'ack' | 'retry'
  delaySeconds?: number | undefined
}

/** The entry point that runs the service's own consumers and crons. */
interface LocalJobsRpc {
  deliver(
    queue: string,
    messages: readonly { id: string; body: string; timestamp: number; attempts: number }[],
  ): Promise<[string, Delivered][]>
  runCron(cron: string, scheduledTime: number): Promise<void>
}

export function localJobs(ctx: DurableObjectState): LocalJobsRpc {
  return (ctx as unknown as { exports: { LocalJobs: LocalJobsRpc } }).exports.LocalJobs
}

export function localSettings(env: LocalBindings): LocalJobSettings {
  return JSON.parse(env.LOCAL_JOBS)
}

export function queueObject(env: LocalBindings, queue: string): DurableObjectStub<LocalQueueObject> {
  return env.LOCAL_QUEUE.getByName(queue)
}

const served = new WeakMap<LocalBindings, Bindings>()

/**
 * The bindings of the service, with durable queues. The service caches its configuration by the identity of the bindings,
 * so each set has one copy.
 */
export function withLocalQueues(env: LocalBindings): Bindings {
  let bindings = served.get(env)
  if (!bindings) {
    const { producers } = localSettings(env)
    const queues = Object.entries(producers).map(([binding, queue]) => [binding, localQueue(env, queue)])
    bindings = { ...env, ...Object.fromEntries(queues) } as Bindings
    served.set(env, bindings)
  }
  return bindings
}

/** The limits of Cloudflare's queues, so that a message that is too large fails locally too. */
const MAX_MESSAGE_BYTES = 128_000
const MAX_BATCH_BYTES = 256_000
const MAX_BATCH_MESSAGES = 100
/** Twelve hours. */
const MAX_DELAY_SECONDS = 43_200

/** A queue binding, as the service uses it: every message is JSON. */
function localQueue(env: LocalBindings, queue: string): Pick<Queue, 'send' | 'sendBatch' | 'metrics'> {
  const put = async (bodies: readonly (MessageSendRequest & QueueSendOptions)[]) => {
    const messages = bodies.map(({ body, delaySeconds = 0 }) => ({
      id: crypto.randomUUID().replaceAll('-', ''),
      body: JSON.stringify(body),
      timestamp: Date.now(),
      delaySeconds,
    }))
    const sizes = messages.map(({ body }) => Buffer.byteLength(body))
    if (messages.length > MAX_BATCH_MESSAGES) throw new Error(`queue batch rejected: ${messages.length} messages`)
    if (sizes.some((size) => size > MAX_MESSAGE_BYTES)) throw new Error('queue message rejected: above 128,000 bytes')
    if (sizes.reduce((sum, size) => sum + size, 0) > MAX_BATCH_BYTES) throw new Error('queue batch rejected: too large')
    if (messages.some(({ delaySeconds }) => !(delaySeconds >= 0 && delaySeconds <= MAX_DELAY_SECONDS))) {
      throw new Error('queue message rejected: the delay is not within 12 hours')
    }
    const object = queueObject(env, queue)
    await object.put(queue, messages)
  }
  const metrics = () => queueObject(env, queue).metrics() as Promise<QueueMetrics>
  return {
    metrics,
    async send(body, options) {
      await put([{ body, ...options }])
      return { metadata: { metrics: await metrics() } }
    },
    async sendBatch(messages, options) {
      await put([...messages].map(({ body, delaySeconds = options?.delaySeconds ?? 0 }) => ({ body, delaySeconds })))
      return { metadata: { metrics: await metrics() } }
    },
  }
}
