import { Refusal } from '../local/settings.ts'
import { Cloudflare, type Queue } from './cloudflare.ts'
import { type Command, required, UsageError, wholeNumber } from './command.ts'

const DEAD = '-dead'
/** Messages per call that pulls from a queue or sends to one. */
const BATCH = 100
/** Other consumers do not get a pulled message for this time, which is enough to send it to the other queue. */
const LEASE_MS = 60_000

interface PulledMessage {
  body: string
  lease_id: string
  metadata?: Record<string, string>
}

export const redrive: Command = {
  name: 'redrive',
  summary: `Moves the messages of a dead-letter queue back into the queue they came from. If the program is stopped, some
messages may be moved twice; the service processes such a message without harm.`,
  options: {
    queue: { description: 'dead-letter queue: openim-edge-push-dead, openim-edge-transfer-dead, …', value: 'NAME' },
    limit: { description: 'maximum number of messages (default: all)', value: 'NUMBER' },
  },
  async run(values) {
    const name = required(values, 'queue')
    if (!name.endsWith(DEAD)) throw new UsageError(`${name} is not a dead-letter queue: its name must end in ${DEAD}.`)
    const limit = wholeNumber(values, 'limit') ?? Number.MAX_SAFE_INTEGER
    const cloudflare = Cloudflare.of()
    const queues = await cloudflare.queues()
    const source = find(queues, name.slice(0, -DEAD.length))
    const moved = await withPullConsumer(cloudflare, find(queues, name), (dead) =>
      moveAll(cloudflare, dead, source, limit),
    )
    console.log(moved === 0 ? `${name} is empty.` : `Moved ${moved} messages from ${name} to ${source.queue_name}.`)
  },
}

function find(queues: readonly Queue[], name: string): Queue {
  const queue = queues.find(({ queue_name }) => queue_name === name)
  if (!queue) throw new Refusal(`This account has no queue ${name}.`)
  return queue
}

/** Runs the work while the queue has a pull consumer, without which the API cannot read messages from it. */
async function withPullConsumer(
  cloudflare: Cloudflare,
  queue: Queue,
  work: (queue: Queue) => Promise<number>,
): Promise<number> {
  const consumer = queue.consumers?.[0]
  if (consumer?.type === 'http_pull') return work(queue)
  if (consumer) {
    throw new Refusal(`${queue.queue_name} is consumed by the Worker ${consumer.script ?? consumer.script_name ?? ''}, \
which stores its messages in the database. For webhooks see \`webhooks dead\` and \`webhooks replay\`.`)
  }
  const path = `/queues/${queue.queue_id}/consumers`
  const added = await cloudflare.call<{ consumer_id: string }>('POST', path, { type: 'http_pull' })
  try {
    return await work(queue)
  } finally {
    await cloudflare.call('DELETE', `${path}/${added.consumer_id}`)
  }
}

async function moveAll(cloudflare: Cloudflare, dead: Queue, source: Queue, limit: number): Promise<number> {
  let moved = 0
  while (moved < limit) {
    const { messages } = await cloudflare.call<{ messages: PulledMessage[] }>(
      'POST',
      `/queues/${dead.queue_id}/messages/pull`,
      { batch_size: Math.min(BATCH, limit - moved), visibility_timeout_ms: LEASE_MS },
    )
    if (messages.length === 0) break
    await cloudflare.call('POST', `/queues/${source.queue_id}/messages/batch`, { messages: messages.map(messageOf) })
    // Acknowledged only after the send: the other order could lose messages.
    const acks = messages.map(({ lease_id }) => ({ lease_id }))
    await cloudflare.call('POST', `/queues/${dead.queue_id}/messages/ack`, { acks, retries: [] })
    moved += messages.length
  }
  return moved
}

/** The API returns JSON messages in base64 and accepts them as JSON. */
function messageOf({ body, metadata }: PulledMessage): { body: unknown; content_type: string } {
  if (metadata?.['CF-Content-Type'] === 'text') return { body, content_type: 'text' }
  return { body: JSON.parse(Buffer.from(body, 'base64').toString()), content_type: 'json' }
}
