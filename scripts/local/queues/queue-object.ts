import { DurableObject } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import type { CronObject } from './cron-object.ts'

/** Miniflare's bindings for the service of its queues (plugins/queues in its source). */
interface QueueBindings {
  /** The consumer of each queue in wrangler.toml, by the queue's name. */
  MINIFLARE_QUEUE_CONSUMERS: Record<string, Partial<ConsumerSettings> & { workerName: string }>
  /** The queues' own namespace: a dead letter goes from one queue to another. */
  MINIFLARE_OBJECT: DurableObjectNamespace<QueueBrokerObject>
  /** Added by durable-queues.ts. */
  CRON: DurableObjectNamespace<CronObject>
}

interface ConsumerSettings {
  maxBatchSize: number
  /** Seconds. */
  maxBatchTimeout: number
  maxRetries: number
  deadLetterQueue?: string
  /** Seconds. */
  retryDelay: number
}

/** Cloudflare's defaults. */
const DEFAULTS: ConsumerSettings = { maxBatchSize: 10, maxBatchTimeout: 5, maxRetries: 3, retryDelay: 0 }

/** Cloudflare's limits, so that a message that it would refuse is refused here. */
const MAX_MESSAGE_BYTES = 128_000
const MAX_BATCH_BYTES = 256_000
const MAX_BATCH_MESSAGES = 100
const MAX_DELAY_SECONDS = 86_400

/** Cloudflare keeps the messages of a queue without consumer for this time. */
const RETENTION_MS = 4 * 86_400_000

/** One run of the alarm ends after this time, and the next alarm continues. */
const MAX_RUN_MS = 30_000

interface Message {
  id: string
  /** The form of `body`: json, text, bytes or v8. */
  format: string
  body: Uint8Array
  timestamp: number
  delaySeconds: number
}

interface Row extends Record<string, SqlStorageValue> {
  id: string
  format: string
  body: ArrayBuffer
  timestamp: number
  attempts: number
}

/** The binding to the Worker that consumes the queue. */
interface Consumer {
  queue(name: string, messages: readonly object[], metadata: object): Promise<QueueResult>
}

interface QueueResult {
  outcome: string
  ackAll: boolean
  explicitAcks: string[]
  retryBatch: { retry: boolean; delaySeconds?: number }
  retryMessages: { msgId: string; delaySeconds?: number }[]
}

let isPlanned = false

/**
 * One queue of a local server. Cloudflare's queues are durable, and Miniflare's live in memory. This object takes the
 * place of Miniflare's: it stores a message before it accepts it, and deletes a message after the consumer has finished.
 * So a message is delivered at least once, at whatever moment the process is killed. The alarm is stored, too: the
 * runtime delivers stored messages as soon as it starts.
 */
export class QueueBrokerObject extends DurableObject<QueueBindings> {
  readonly #sql: SqlStorage
  #isDelivering = false

  constructor(state: DurableObjectState, env: QueueBindings) {
    super(state, env)
    this.#sql = state.storage.sql
    this.#sql.exec('CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL)')
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS messages (
      position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, format TEXT NOT NULL, body BLOB NOT NULL,
      timestamp INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL
    )`)
    this.#sql.exec('CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due, position)')
  }

  /** Answers the calls of a queue binding, in workerd's notation. */
  override async fetch(request: Request<unknown, { miniflare: { name: string } }>): Promise<Response> {
    const { pathname } = new URL(request.url)
    this.#setName(request.cf?.miniflare.name ?? '')
    // The runtime starts no Worker by itself, so the first call of a queue binding plans the crons.
    if (!isPlanned) this.ctx.waitUntil(this.env.CRON.getByName('crons').plan())
    isPlanned = true
    if (pathname !== '/metrics') {
      const messages = pathname === '/batch' ? await readBatch(request) : [await readMessage(request)]
      const refusal = refusalOf(messages)
      if (refusal !== null) {
        const headers = { 'CF-Queues-Error-Code': '413', 'CF-Queues-Error-Cause': refusal }
        return new Response(refusal, { status: 413, headers })
      }
      await this.put(messages)
    }
    const metrics = this.#metrics()
    return Response.json(pathname === '/metrics' ? metrics : { metadata: { metrics } })
  }

  /** Takes the dead letters of another queue. */
  async bury(queue: string, letters: readonly Message[]): Promise<void> {
    this.#setName(queue)
    await this.put(letters)
  }

  /** Stores messages. A message with a known id is the same message. */
  async put(messages: readonly Message[]): Promise<void> {
    const now = Date.now()
    for (const { id, format, body, timestamp, delaySeconds } of messages) {
      this.#sql.exec(
        'INSERT INTO messages (id, format, body, timestamp, attempts, due) VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING',
        ...[id, format, body, timestamp, now + delaySeconds * 1_000],
      )
    }
    if (!this.#consumer) this.#sql.exec('DELETE FROM messages WHERE timestamp < ?', now - RETENTION_MS)
    await this.#schedule()
  }

  override async alarm(): Promise<void> {
    const consumer = this.#consumer
    if (!consumer || this.#isDelivering) return
    this.#isDelivering = true
    try {
      // The runtime keeps this alarm until the run ends: after a SIGKILL it comes again.
      const end = Date.now() + MAX_RUN_MS
      while (Date.now() < end && this.#nextDelivery(consumer) <= Date.now()) {
        await this.#deliver(this.#dueMessages(consumer), consumer)
      }
    } finally {
      this.#isDelivering = false
      await this.#schedule()
    }
  }

  get #name(): string {
    return this.#sql.exec<{ name: string }>('SELECT name FROM queue').toArray()[0]?.name ?? ''
  }

  /** An alarm carries no name, so the name is stored. */
  #setName(queue: string): void {
    this.#sql.exec('INSERT INTO queue (id, name) VALUES (1, ?) ON CONFLICT (id) DO NOTHING', queue)
  }

  /** Undefined for a queue without consumer, which only keeps its messages. */
  get #consumer(): (ConsumerSettings & { workerName: string }) | undefined {
    const given = this.env.MINIFLARE_QUEUE_CONSUMERS[this.#name]
    return given && { ...DEFAULTS, ...given }
  }

  /** Sets the alarm to the next delivery. A run in progress does this at its end. */
  async #schedule(): Promise<void> {
    const consumer = this.#consumer
    if (!consumer || this.#isDelivering) return
    const next = this.#nextDelivery(consumer)
    if (next !== Number.POSITIVE_INFINITY) await this.ctx.storage.setAlarm(Math.max(next, Date.now()))
  }

  /** When the next batch is due: at once when it is full, otherwise when its oldest message has waited for others. */
  #nextDelivery({ maxBatchSize, maxBatchTimeout }: ConsumerSettings): number {
    const dues = this.#sql
      .exec<{ due: number }>('SELECT due FROM messages ORDER BY due LIMIT ?', maxBatchSize)
      .toArray()
      .map(({ due }) => due)
    const waited = (dues[0] ?? Number.POSITIVE_INFINITY) + maxBatchTimeout * 1_000
    return Math.min(waited, dues[maxBatchSize - 1] ?? Number.POSITIVE_INFINITY)
  }

  #dueMessages({ maxBatchSize }: ConsumerSettings): Row[] {
    return this.#sql
      .exec<Row>(
        'SELECT id, format, body, timestamp, attempts FROM messages WHERE due <= ? ORDER BY due, position LIMIT ?',
        Date.now(),
        maxBatchSize,
      )
      .toArray()
  }

  async #deliver(rows: readonly Row[], consumer: ConsumerSettings & { workerName: string }): Promise<void> {
    const { retryBatch, ...result } = await this.#consume(rows, consumer.workerName)
    const failed = result.outcome !== 'ok' || retryBatch.retry
    const acknowledged = new Set(result.explicitAcks)
    const retries = new Map(result.retryMessages.map(({ msgId, delaySeconds }) => [msgId, delaySeconds]))
    const dead: Row[] = []
    for (const row of rows) {
      if (!retries.has(row.id) && (!failed || acknowledged.has(row.id))) this.#remove(row)
      // Only a failed delivery counts as an attempt. A delivery that a SIGKILL ended does not, so that crashes alone never
      // make a dead letter.
      else if (row.attempts >= consumer.maxRetries) dead.push(row)
      else {
        const delaySeconds = retries.get(row.id) ?? retryBatch.delaySeconds ?? consumer.retryDelay
        const due = Date.now() + delaySeconds * 1_000
        this.#sql.exec('UPDATE messages SET attempts = attempts + 1, due = ? WHERE id = ?', due, row.id)
      }
    }
    if (dead.length > 0) await this.#moveToDeadLetters(dead, consumer.deadLetterQueue)
  }

  async #consume(rows: readonly Row[], workerName: string): Promise<QueueResult> {
    const worker = (this.env as unknown as Record<string, Consumer>)[`MINIFLARE_WORKER_${workerName}`]
    try {
      if (!worker) throw new Error(`the Worker ${workerName} is missing`)
      return await worker.queue(this.#name, rows.map(toDelivery), { metrics: this.#metrics() })
    } catch (error) {
      console.error(
        JSON.stringify({ level: 'error', message: 'queue delivery failed', queue: this.#name, error: String(error) }),
      )
      return { outcome: 'exception', ackAll: false, explicitAcks: [], retryBatch: { retry: true }, retryMessages: [] }
    }
  }

  /** The dead-letter queue has a message before this queue deletes it, so that a crash loses none. */
  async #moveToDeadLetters(rows: readonly Row[], deadLetterQueue: string | undefined): Promise<void> {
    const note = { level: 'warn', message: 'queue message failed for good', queue: this.#name, deadLetterQueue }
    console.warn(JSON.stringify({ ...note, ids: rows.map(({ id }) => id) }))
    if (deadLetterQueue !== undefined) {
      const letters = rows.map((row) => ({ ...row, body: new Uint8Array(row.body), delaySeconds: 0 }))
      await this.env.MINIFLARE_OBJECT.getByName(deadLetterQueue).bury(deadLetterQueue, letters)
    }
    for (const row of rows) this.#remove(row)
  }

  #remove({ id }: Row): void {
    this.#sql.exec('DELETE FROM messages WHERE id = ?', id)
  }

  #metrics(): { backlogCount: number; backlogBytes: number; oldestMessageTimestamp: number } {
    const [row] = this.#sql
      .exec<{ count: number; bytes: number; oldest: number }>(
        'SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(body)), 0) AS bytes, COALESCE(MIN(timestamp), 0) AS oldest FROM messages',
      )
      .toArray()
    return {
      backlogCount: row?.count ?? 0,
      backlogBytes: row?.bytes ?? 0,
      oldestMessageTimestamp: row?.oldest ?? 0,
    }
  }
}

/** The request of `queue.send()`. */
async function readMessage(request: Request): Promise<Message> {
  return newMessage(
    request.headers.get('x-msg-fmt'),
    new Uint8Array(await request.arrayBuffer()),
    request.headers.get('x-msg-delay-secs'),
  )
}

/** The request of `queue.sendBatch()`. */
async function readBatch(request: Request): Promise<Message[]> {
  const delay = request.headers.get('x-msg-delay-secs')
  const { messages } = (await request.json()) as {
    messages: { contentType?: string; delaySecs?: number; body: string }[]
  }
  return messages.map(({ contentType, delaySecs, body }) =>
    newMessage(contentType ?? null, new Uint8Array(Buffer.from(body, 'base64')), delaySecs ?? delay),
  )
}

function newMessage(format: string | null, body: Uint8Array, delaySeconds: string | number | null): Message {
  const id = crypto.randomUUID().replaceAll('-', '')
  return { id, format: format ?? 'v8', body, timestamp: Date.now(), delaySeconds: Number(delaySeconds ?? 0) }
}

function refusalOf(messages: readonly Message[]): string | null {
  const sizes = messages.map(({ body }) => body.byteLength)
  if (messages.length > MAX_BATCH_MESSAGES) return `a batch has at most ${MAX_BATCH_MESSAGES} messages`
  if (Math.max(...sizes) > MAX_MESSAGE_BYTES) return `a message has at most ${MAX_MESSAGE_BYTES} bytes`
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_BATCH_BYTES)
    return `a batch has at most ${MAX_BATCH_BYTES} bytes`
  const delays = messages.map(({ delaySeconds }) => delaySeconds)
  if (delays.some((delay) => !(delay >= 0 && delay <= MAX_DELAY_SECONDS))) return 'a delay is at most 24 hours'
  return null
}

/** A message as the consumer's runtime takes it; the attempts include this one. */
function toDelivery({ id, format, body, timestamp, attempts }: Row): object {
  const message = { id, timestamp: new Date(timestamp), attempts: attempts + 1 }
  if (format === 'v8') return { ...message, serializedBody: body }
  if (format === 'bytes') return { ...message, body }
  const text = new TextDecoder().decode(body)
  return { ...message, body: format === 'json' ? JSON.parse(text) : text }
}
