import { Refusal } from '../local/settings.ts'
import { Cloudflare, type Queue } from './cloudflare.ts'
import { type Command, count, required, UsageError } from './command.ts'

const DEAD = '-dead'
/** What one call takes from a queue, and gives to one. */
const BATCH = 100
/** Until then nobody else gets what was taken: long enough to put it into the other queue. */
const LEASE_MS = 60_000

interface PulledMessage {
  body: string
  lease_id: string
  metadata?: Record<string, string>
}

export const redrive: Command = {
  name: 'redrive',
  summary: `Puts what is in a dead-letter queue of a deployment back into the queue that it came from. Every message is done at
least once: one may come twice when this program is stopped in between, which the service allows for.`,
  options: {
    queue: { words: 'the dead-letter queue: openim-edge-push-dead, openim-edge-transfer-dead, …', value: 'NAME' },
    limit: { words: 'at most so many messages', value: 'NUMBER' },
  },
  async run(values) {
    const name = required(values, 'queue')
    if (!name.endsWith(DEAD)) throw new UsageError(`${name} is no dead-letter queue: their names end in ${DEAD}.`)
    const limit = count(values, 'limit') ?? Number.MAX_SAFE_INTEGER
    const cloudflare = Cloudflare.of()
    const queues = await cloudflare.queues()
    const source = find(queues, name.slice(0, -DEAD.length))
    const moved = await withPulling(cloudflare, find(queues, name), (dead) => moveAll(cloudflare, dead, source, limit))
    console.log(moved === 0 ? `${name} is empty.` : `${moved} messages went from ${name} back to ${source.queue_name}.`)
  },
}

function find(queues: readonly Queue[], name: string): Queue {
  const queue = queues.find(({ queue_name }) => queue_name === name)
  if (!queue) throw new Refusal(`There is no queue ${name} in this account.`)
  return queue
}

/** A queue lets itself be emptied from outside only while it has a consumer of that kind. */
async function withPulling(
  cloudflare: Cloudflare,
  queue: Queue,
  work: (queue: Queue) => Promise<number>,
): Promise<number> {
  const consumer = queue.consumers?.[0]
  if (consumer?.type === 'http_pull') return work(queue)
  if (consumer) {
    throw new Refusal(`${queue.queue_name} is emptied by the Worker ${consumer.script ?? consumer.script_name ?? ''}: \
what fails there is kept by the service itself. For webhooks see \`webhooks dead\` and \`webhooks replay\`.`)
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
    // Only now: what was acknowledged first could be lost.
    const acks = messages.map(({ lease_id }) => ({ lease_id }))
    await cloudflare.call('POST', `/queues/${dead.queue_id}/messages/ack`, { acks, retries: [] })
    moved += messages.length
  }
  return moved
}

/** JSON comes out of a queue in base64 and goes in as it is. */
function messageOf({ body, metadata }: PulledMessage): { body: unknown; content_type: string } {
  if (metadata?.['CF-Content-Type'] === 'text') return { body, content_type: 'text' }
  return { body: JSON.parse(Buffer.from(body, 'base64').toString()), content_type: 'json' }
}
