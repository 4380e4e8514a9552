import { and, count, desc, eq, sql } from 'drizzle-orm'
import { chunked, type Database } from '../../platform/storage/d1.ts'
import { webhookDelivery } from '../tables.ts'

export type WebhookDeliveryRow = typeof webhookDelivery.$inferSelect

const PARAMETERS_PER_ROW = 10

/** Records tries to deliver after-webhooks, and deletes all tries but the newest `keep`. */
export async function recordWebhookDeliveries(
  db: Database,
  rows: readonly Omit<WebhookDeliveryRow, 'id'>[],
  keep: number,
): Promise<void> {
  const [first, ...rest] = chunked(rows, PARAMETERS_PER_ROW).map((part) => db.insert(webhookDelivery).values(part))
  if (!first) return
  const { id } = webhookDelivery
  const trim = db.delete(webhookDelivery).where(sql`${id} <= (SELECT max(${id}) FROM ${webhookDelivery}) - ${keep}`)
  await db.batch([first, ...rest, trim])
}

/** Filters the recorded deliveries; "" and false filter nothing. */
export interface WebhookDeliveryFilter {
  eventID: string
  name: string
  failedOnly: boolean
}

/** A page, newest first. Searched without an index: the table is bounded, and an index would cost a write per row. */
export async function webhookDeliveryPage(
  db: Database,
  { eventID, name, failedOnly }: WebhookDeliveryFilter,
  window: { offset: number; limit: number },
): Promise<{ total: number; rows: WebhookDeliveryRow[] }> {
  const where = and(
    eventID === '' ? undefined : eq(webhookDelivery.eventID, eventID),
    name === '' ? undefined : eq(webhookDelivery.name, name),
    failedOnly ? eq(webhookDelivery.delivered, false) : undefined,
  )
  const [counted, rows] = await db.batch([
    db.select({ total: count() }).from(webhookDelivery).where(where),
    db
      .select()
      .from(webhookDelivery)
      .where(where)
      .orderBy(desc(webhookDelivery.id))
      .limit(window.limit)
      .offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}
