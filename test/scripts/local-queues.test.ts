import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { storeQueuesOnDisk } from '../../scripts/local/durable-queues.ts'

await storeQueuesOnDisk()

/** Sends what the test asks for, and consumes as each message says. */
const WORKER = `
export default {
  async fetch(request, env) {
    const { messages, options, metrics } = await request.json()
    if (metrics) return Response.json(await env.QUEUE.metrics())
    try {
      if (messages.length === 1) await env.QUEUE.send(messages[0], options)
      else await env.QUEUE.sendBatch(messages.map((body) => ({ body })), options)
      return new Response('sent')
    } catch (error) { return new Response(String(error)) }
  },
  async queue({ queue, messages }) {
    for (const message of messages) {
      const { body, attempts } = message
      console.log(JSON.stringify({ queue, body, attempts, batch: messages.length }))
      if (body.fails) message.retry(body.delay && { delaySeconds: body.delay })
      else if (body.acknowledges) message.ack()
    }
    if (messages.some(({ body }) => body.throws)) throw new Error('thrown')
  },
  scheduled({ cron, scheduledTime }) { console.log(JSON.stringify({ cron, scheduledTime })) },
}`

const stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-queues-'))
let logs: Record<string, unknown>[] = []
let miniflare: Miniflare | undefined

async function start(): Promise<void> {
  logs = []
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'worker',
      modules: true,
      script: WORKER,
      compatibilityDate: '2026-11-01',
      cf: false,
      resourcePersistencePath: stateDir,
      queueProducers: { QUEUE: { queueName: 'jobs' } },
      queueConsumers: {
        jobs: { maxBatchSize: 3, maxBatchTimeout: 0, maxRetries: 2, deadLetterQueue: 'dead' },
        dead: { maxBatchTimeout: 0, maxRetries: 0 },
      },
      cronTriggers: ['0 2 * * *'],
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => {
        if (message.startsWith('{')) logs.push(JSON.parse(message))
      },
    }),
  )
  await miniflare.ready
}

const call = async (body: object) =>
  (await miniflare?.dispatchFetch('http://test/', { method: 'POST', body: JSON.stringify(body) }))?.text()
const send = (messages: object[], options?: object) => call({ messages, options })
const consumed = (name: string) =>
  logs
    .filter(({ body }) => (body as { name?: string } | undefined)?.name === name)
    .map(({ queue, attempts, batch }) => ({ queue, attempts, batch }))

afterEach(() => miniflare?.dispose())
afterAll(() => rmSync(stateDir, { recursive: true, force: true }))

describe('a queue of a local server', () => {
  it('delivers in batches, retries with the delay, and moves what keeps failing to the dead letters', async () => {
    await start()
    expect(await send([{ name: 'a' }, { name: 'b' }, { name: 'c' }])).toBe('sent')
    await expect.poll(() => consumed('c')).toEqual([{ queue: 'jobs', attempts: 1, batch: 3 }])

    const begin = Date.now()
    await send([{ name: 'late', fails: true, delay: 1 }])
    await expect.poll(() => consumed('late').length).toBe(4)
    expect(consumed('late').map(({ queue, attempts }) => [queue, attempts])).toEqual([
      ['jobs', 1],
      ['jobs', 2],
      ['jobs', 3],
      ['dead', 1],
    ])
    expect(Date.now() - begin).toBeGreaterThanOrEqual(2_000)

    await send([
      { name: 'done', acknowledges: true },
      { name: 'broken', throws: true },
    ])
    await expect.poll(() => consumed('broken').length).toBe(4)
    expect(consumed('done')).toHaveLength(1)
    await expect.poll(async () => JSON.parse((await call({ metrics: true })) ?? '').backlogCount).toBe(0)
  })

  it('keeps its messages when the server ends, and delivers them when the server starts again', async () => {
    await start()
    await send([{ name: 'waits' }], { delaySeconds: 1 })
    await miniflare?.dispose()
    await start()
    await expect.poll(() => consumed('waits')).toEqual([{ queue: 'jobs', attempts: 1, batch: 1 }])
  })

  it('refuses a message and a batch above the limits of Cloudflare', async () => {
    await start()
    expect(await send([{ name: 'x'.repeat(128_000) }])).toContain('a message has at most 128000 bytes')
    expect(await send(Array.from({ length: 101 }, () => ({ name: 'many' })))).toContain('at most 100 messages')
  })
})

describe('a cron of a local server', () => {
  it('is planned at the first start, and makes up for a time at which the server was stopped', async () => {
    await start()
    await call({ metrics: true })
    const cron = () => {
      const [file = ''] = globSync(join(stateDir, 'queues/local-CronObject/*[0-9a-f].sqlite'))
      return new DatabaseSync(file)
    }
    const next = () => {
      using database = cron()
      return database.prepare('SELECT next FROM crons').get()?.next as number
    }
    await expect.poll(next).toBeGreaterThan(Date.now())
    expect(new Date(next()).getUTCHours()).toBe(2)
    await miniflare?.dispose()

    const missed = Date.now() - 3_600_000
    using database = cron()
    database.prepare('UPDATE crons SET next = ?').run(missed)
    await start()
    await call({ metrics: true })
    await expect.poll(() => logs).toContainEqual({ cron: '0 2 * * *', scheduledTime: missed })
    await expect.poll(next).toBeGreaterThan(Date.now())
  })
})
