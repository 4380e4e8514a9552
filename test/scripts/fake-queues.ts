import { createServer, type ServerResponse } from 'node:http'

interface FakeQueue {
  messages: { body: unknown; lease?: string }[]
  consumers: { consumer_id: string; type: string; script?: string }[]
  refuses: boolean
}

export interface FakeQueues {
  env: Record<string, string>
  fill: (queue: string, bodies: unknown[]) => void
  /** The messages in a queue, including the pulled ones that are not acknowledged. */
  bodies: (queue: string) => unknown[]
  consumers: (queue: string) => FakeQueue['consumers']
  /** Makes the queue refuse messages from now on. */
  refuse: (queue: string) => void
  close: () => void
}

/** Serves the part of Cloudflare's API that moves messages between queues, with an incomplete deployment. */
export async function startFakeQueues(): Promise<FakeQueues> {
  const queues = new Map<string, FakeQueue>()
  const queueOf = (name: string) => {
    const queue = queues.get(name) ?? { messages: [], consumers: [], refuses: false }
    queues.set(name, queue)
    return queue
  }
  for (const name of ['openim-edge-push', 'openim-edge-push-dead', 'openim-edge-transfer', 'taken', 'taken-dead']) {
    queueOf(name)
  }
  queueOf('openim-edge-transfer-dead')
  queueOf('openim-edge-push').consumers.push({ consumer_id: 'w', type: 'worker', script: 'openim-edge' })
  queueOf('taken-dead').consumers.push({ consumer_id: 'w', type: 'worker', script: 'openim-edge' })

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body = text === '' ? {} : JSON.parse(text)
    const path = new URL(request.url ?? '', 'http://cloudflare').pathname.replace('/client/v4/accounts/acme', '')
    const ok = (result: unknown) => reply(response, 200, { success: true, errors: [], messages: [], result })
    const fail = (code: number, message: string) =>
      reply(response, 400, { success: false, errors: [{ code, message }], messages: [], result: null })
    if (request.headers.authorization !== 'Bearer token') return fail(10000, 'Authentication error')

    if (path === '/workers/scripts/openim-edge/settings') {
      return ok({ bindings: ['USER', 'CONVERSATION', 'DB', 'OPENIM_SECRET'].map((name) => ({ name, type: 'any' })) })
    }
    if (path === '/queues') {
      return ok(
        [...queues].map(([name, { consumers }]) => ({ queue_id: `id-of-${name}`, queue_name: name, consumers })),
      )
    }
    const [, name = '', rest = ''] = /^\/queues\/id-of-([^/]+)\/(.+)$/.exec(path) ?? []
    const queue = queues.get(name)
    if (!queue) return fail(7003, 'no such route')
    if (rest === 'consumers') {
      queue.consumers.push({ consumer_id: 'pulling', type: body.type })
      return ok({ consumer_id: 'pulling' })
    }
    if (rest === 'consumers/pulling' && request.method === 'DELETE') {
      queue.consumers.splice(0)
      return ok(null)
    }
    if (rest === 'messages/pull') {
      if (queue.consumers[0]?.type !== 'http_pull') return fail(10221, 'no pull consumer')
      const taken = queue.messages.filter(({ lease }) => lease === undefined).slice(0, body.batch_size)
      for (const message of taken) message.lease = crypto.randomUUID()
      return ok({
        message_backlog_count: queue.messages.length,
        messages: taken.map((message) => ({
          ...{ id: '1', attempts: 1, timestamp_ms: 1, lease_id: message.lease },
          body: Buffer.from(JSON.stringify(message.body)).toString('base64'),
          metadata: { 'CF-Content-Type': 'json' },
        })),
      })
    }
    if (rest === 'messages/batch') {
      if (queue.refuses) return fail(10250, 'queue is full')
      queue.messages.push(...body.messages.map((message: { body: unknown }) => ({ body: message.body })))
      return ok(null)
    }
    if (rest === 'messages/ack') {
      const leases = new Set(body.acks.map(({ lease_id }: { lease_id: string }) => lease_id))
      queue.messages = queue.messages.filter(({ lease }) => !leases.has(lease))
      return ok({ ackCount: leases.size, retryCount: 0 })
    }
    return fail(7003, 'no such route')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_ACCOUNT_ID: 'acme',
    },
    fill: (name, bodies) => queueOf(name).messages.push(...bodies.map((body) => ({ body }))),
    bodies: (name) => queueOf(name).messages.map(({ body }) => body),
    consumers: (name) => queueOf(name).consumers,
    refuse: (name) => {
      queueOf(name).refuses = true
    },
    close: () => server.close(),
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
