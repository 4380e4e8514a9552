import { asc, count, desc, eq, gt, inArray, type SQL, sql } from 'drizzle-orm'
import type { WebhookJob } from '../../contracts/jobs.ts'
import { chunked, type Database } from '../../platform/storage/d1.ts'
import { packBody, unpackBody } from '../body.ts'
import { webhookDeadLetter } from '../tables.ts'

/** The oldest dead letters beyond this number are deleted, so that a broken address cannot fill the database. */
const MAX_KEPT = 100_000

/** A call to D1 is sent as soon as the total length of its uncompressed bodies exceeds this number. */
const MAX_BATCH_CHARS = 4_000_000

/** A dead letter without its body. */
export type DeadLetter = Omit<typeof webhookDeadLetter.$inferSelect, 'body'>

const COLUMNS = {
  id: webhookDeadLetter.id,
  eventID: webhookDeadLetter.eventID,
  name: webhookDeadLetter.name,
  operationID: webhookDeadLetter.operationID,
  url: webhookDeadLetter.url,
  key: webhookDeadLetter.key,
  createTime: webhookDeadLetter.createTime,
  deadTime: webhookDeadLetter.deadTime,
}

/**
 * Stores jobs that could not be delivered. A job that is stored already stays unchanged. Each job must have its body:
 * first read the bodies that are stored in D1.
 */
export async function keepDeadLetters(db: Database, jobs: readonly WebhookJob[], deadTime: number): Promise<void> {
  let chars = 0
  let batch: WebhookJob[] = []
  const flush = async () => {
    const [first, ...rest] = batch.map(({ body, ...job }) =>
      db
        .insert(webhookDeadLetter)
        .values({ ...job, body: packBody(body ?? ''), deadTime })
        .onConflictDoNothing(),
    )
    if (first) await db.batch([first, ...rest])
    chars = 0
    batch = []
  }
  for (const job of jobs) {
    chars += job.body?.length ?? 0
    batch.push(job)
    if (chars > MAX_BATCH_CHARS) await flush()
  }
  await flush()
  const { id } = webhookDeadLetter
  await db.delete(webhookDeadLetter).where(sql`${id} <= (SELECT max(${id}) FROM ${webhookDeadLetter}) - ${MAX_KEPT}`)
}

/** A page of dead letters, newest first; the name "" selects all webhooks. */
export async function deadLetterPage(
  db: Database,
  name: string,
  window: { offset: number; limit: number },
): Promise<{ total: number; rows: DeadLetter[] }> {
  const where = name === '' ? undefined : eq(webhookDeadLetter.name, name)
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(webhookDeadLetter).where(where),
    db
      .select(COLUMNS)
      .from(webhookDeadLetter)
      .where(where)
      .orderBy(desc(webhookDeadLetter.id))
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** The dead letters with the given IDs that exist, or the oldest after an ID, as jobs that can be enqueued again. */
export async function deadLetterJobs(
  db: Database,
  which: { ids: readonly number[] } | { after: number; limit: number },
): Promise<{ id: number; job: WebhookJob }[]> {
  if ('after' in which) return select(db, gt(webhookDeadLetter.id, which.after), which.limit)
  const found: { id: number; job: WebhookJob }[] = []
  for (const part of chunked(which.ids)) {
    found.push(...(await select(db, inArray(webhookDeadLetter.id, part), part.length)))
  }
  return found
}

async function select(db: Database, where: SQL | undefined, limit: number): Promise<{ id: number; job: WebhookJob }[]> {
  const rows = await db.select().from(webhookDeadLetter).where(where).orderBy(asc(webhookDeadLetter.id)).limit(limit)
  return rows.map(({ id, body, deadTime: _, ...job }) => ({ id, job: { ...job, body: unpackBody(body) } }))
}

/** @returns the number of removed dead letters */
export async function removeDeadLetters(db: Database, ids: readonly number[]): Promise<number> {
  let removed = 0
  for (const part of chunked(ids)) {
    const rows = await db
      .delete(webhookDeadLetter)
      .where(inArray(webhookDeadLetter.id, part))
      .returning({ id: webhookDeadLetter.id })
    removed += rows.length
  }
  return removed
}
