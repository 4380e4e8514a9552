import { DurableObject } from 'cloudflare:workers'
import { type Delivered, type LocalBindings, localJobs, localSettings, queueObject } from './bindings.ts'
import type { ConsumerSettings } from './settings.ts'

/** A message on its way into a queue. */
export interface NewMessage {
  id: string
  /** JSON. */
  body: string
  timestamp: number
  delaySeconds: number
}

interface Row extends Record<string, SqlStorageValue> {
  id: string
  body: string
  timestamp: number
  attempts: number
}

/** Cloudflare's defaults for a consumer. */
const DEFAULTS = { maxBatchSize: 10, maxBatchTimeout: 5, maxRetries: 3, retryDelay: 0 }

/** A batch whose runtime died is delivered again after this time, if nothing wakes the queue earlier. */
const RECOVER_MS = 5_000

/** One run of the alarm ends after this time; the next alarm continues. */
const MAX_RUN_MS = 30_000

/** Cloudflare keeps the messages of a queue without consumer for four days. */
const RETENTION_MS = 4 * 86_400_000

/**
 * One queue of the local server. Cloudflare's queues are durable; Miniflare's live in memory and lose their messages with
 * the process. This one stores a message before it accepts it, and deletes a message after its consumer has finished. So
 * each message is delivered at least once, whenever the process is killed.
 */
export class LocalQueueObject extends DurableObject<LocalBindings> {
  readonly #sql: SqlStorage
  #isRunning = false

  constructor(state: DurableObjectState, env: LocalBindings) {
    super(state, env)
    this.#sql = state.storage.sql
    this.#sql.exec('CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL)')
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS messages (
      id TEXT PRIMARY KEY, body TEXT NOT NULL, timestamp INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL
    )`)
    this.#sql.exec('CREATE INDEX IF NOT EXISTS messages_by_due ON messages (due)')
  }

  /** Accepts messages; returns once they are stored. A message with a known id is the same message. */
  async put(queue: string, messages: readonly NewMessage[]): Promise<void> {
    this.#setName(queue)
    const now = Date.now()
    for (const { id, body, timestamp, delaySeconds } of messages) {
      const values = [id, body, timestamp, now + delaySeconds * 1_000]
      this.#sql.exec(
        'INSERT INTO messages (id, body, timestamp, attempts, due) VALUES (?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING',
        ...values,
      )
    }
    if (!this.#consumer) this.#sql.exec('DELETE FROM messages WHERE timestamp < ?', now - RETENTION_MS)
    await this.#schedule()
  }

  /** Delivers what a dead process has left. Called when the server starts. */
  async wake(queue: string): Promise<void> {
    this.#setName(queue)
    await this.#schedule()
  }

  metrics(): QueueMetrics {
    const [row] = this.#sql
      .exec<{ count: number; bytes: number | null; oldest: number | null }>(
        'SELECT COUNT(*) AS count, SUM(LENGTH(body)) AS bytes, MIN(timestamp) AS oldest FROM messages',
      )
      .toArray()
    const metrics = { backlogCount: row?.count ?? 0, backlogBytes: row?.bytes ?? 0 }
    return row?.oldest ? { ...metrics, oldestMessageTimestamp: new Date(row.oldest) } : metrics
  }

  override async alarm(): Promise<void> {
    const consumer = this.#consumer
    if (!consumer || this.#isRunning) return
    this.#isRunning = true
    try {
      // Storage keeps this alarm when the process dies during the run.
      await this.ctx.storage.setAlarm(Date.now() + RECOVER_MS)
      const end = Date.now() + MAX_RUN_MS
      while (Date.now() < end && (this.#nextDelivery() ?? Number.POSITIVE_INFINITY) <= Date.now()) {
        await this.#deliver(this.#take(consumer), consumer)
      }
    } finally {
      this.#isRunning = false
      await this.#schedule()
    }
  }

  get #name(): string {
    return this.#sql.exec<{ name: string }>('SELECT name FROM queue').toArray()[0]?.name ?? ''
  }

  #setName(queue: string): void {
    this.#sql.exec('INSERT INTO queue (id, name) VALUES (1, ?) ON CONFLICT (id) DO NOTHING', queue)
  }

  /** Null for a queue without consumer, which only keeps its messages. */
  get #consumer(): (ConsumerSettings & typeof DEFAULTS) | null {
    const given = localSettings(this.env).consumers[this.#name]
    if (!given) return null
    const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    return { ...DEFAULTS, ...set }
  }

  /** Sets the alarm to the next delivery. A run in progress does this at its end. */
  async #schedule(): Promise<void> {
    if (this.#isRunning) return
    const next = this.#nextDelivery()
    if (next === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(Math.max(next, Date.now()))
  }

  /** When the next batch is due: at once when it is full, else when its oldest message has waited for others. */
  #nextDelivery(): number | null {
    const consumer = this.#consumer
    if (!consumer) return null
    const dues = this.#sql
      .exec<{ due: number }>('SELECT due FROM messages ORDER BY due LIMIT ?', consumer.maxBatchSize)
      .toArray()
    const [first] = dues
    if (!first) return null
    const waited = first.due + consumer.maxBatchTimeout * 1_000
    const full = dues.length === consumer.maxBatchSize ? (dues.at(-1)?.due ?? waited) : waited
    return Math.min(full, waited)
  }

  /** Takes a batch. The attempt is stored before the delivery, so that a message that kills the process has an end. */
  #take({ maxBatchSize }: { maxBatchSize: number }): Row[] {
    const rows = this.#sql
      .exec<Row>(
        'SELECT id, body, timestamp, attempts FROM messages WHERE due <= ? ORDER BY due, rowid LIMIT ?',
        Date.now(),
        maxBatchSize,
      )
      .toArray()
    for (const row of rows) {
      row.attempts += 1
      this.#sql.exec('UPDATE messages SET attempts = ? WHERE id = ?', row.attempts, row.id)
    }
    return rows
  }

  async #deliver(rows: readonly Row[], consumer: ConsumerSettings & typeof DEFAULTS): Promise<void> {
    const delivered = await this.#run(rows)
    const dead: Row[] = []
    for (const row of rows) {
      const retry = delivered.get(row.id)
      if (retry === undefined || retry.outcome === 'ack') this.#remove([row])
      else if (row.attempts > consumer.maxRetries) dead.push(row)
      else {
        const delaySeconds = retry.delaySeconds ?? consumer.retryDelay
        this.#sql.exec('UPDATE messages SET due = ? WHERE id = ?', Date.now() + delaySeconds * 1_000, row.id)
      }
    }
    if (dead.length > 0) await this.#bury(dead, consumer.deadLetterQueue)
  }

  /** Runs the consumer; a consumer that fails as a whole retries the messages that it has not acknowledged. */
  async #run(rows: readonly Row[]): Promise<Map<string, Delivered>> {
    try {
      return new Map(await localJobs(this.ctx).deliver(this.#name, rows))
    } catch (error) {
      console.error(
        JSON.stringify({ level: 'error', message: 'queue delivery failed', queue: this.#name, error: String(error) }),
      )
      return new Map(rows.map(({ id }) => [id, { outcome: 'retry' }]))
    }
  }

  /** The dead-letter queue has a message before this queue deletes it, so that a crash loses none. */
  async #bury(rows: readonly Row[], deadLetterQueue: string | undefined): Promise<void> {
    const letters = rows.map(({ id, body, timestamp }) => ({ id, body, timestamp, delaySeconds: 0 }))
    if (deadLetterQueue !== undefined) await queueObject(this.env, deadLetterQueue).put(deadLetterQueue, letters)
    this.#remove(rows)
  }

  #remove(rows: readonly Row[]): void {
    for (const { id } of rows) this.#sql.exec('DELETE FROM messages WHERE id = ?', id)
  }
}

interface QueueMetrics {
  backlogCount: number
  backlogBytes: number
  oldestMessageTimestamp?: Date
}
