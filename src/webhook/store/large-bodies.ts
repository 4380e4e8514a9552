import { and, eq, type SQL } from 'drizzle-orm'
import type { WebhookJob } from '../../contracts/jobs.ts'
import type { Database } from '../../platform/storage/d1.ts'
import { packBody, unpackBody } from '../body.ts'
import { webhookLargeBody } from '../tables.ts'

type JobID = Pick<WebhookJob, 'eventID' | 'url'>

export async function putLargeBody(
  db: Database,
  { eventID, url, createTime }: WebhookJob,
  body: string,
): Promise<void> {
  await db
    .insert(webhookLargeBody)
    .values({ eventID, url, createTime, body: packBody(body) })
    .onConflictDoNothing()
}

/** Null when the job is done: only then is a body removed. */
export async function readLargeBody(db: Database, job: JobID): Promise<string | null> {
  const [row] = await db.select({ body: webhookLargeBody.body }).from(webhookLargeBody).where(belongsTo(job))
  return row ? unpackBody(row.body) : null
}

export async function removeLargeBody(db: Database, job: JobID): Promise<void> {
  await db.delete(webhookLargeBody).where(belongsTo(job))
}

function belongsTo({ eventID, url }: JobID): SQL | undefined {
  return and(eq(webhookLargeBody.eventID, eventID), eq(webhookLargeBody.url, url))
}
