import { blob, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** What was tried with after-webhooks, in the order it was tried; only the newest are kept. */
export const webhookDelivery = sqliteTable('webhook_delivery', {
  id: integer('id').primaryKey(),
  eventID: text('event_id').notNull(),
  name: text('name').notNull(),
  operationID: text('operation_id').notNull(),
  url: text('url').notNull(),
  /** From 1. */
  attempt: integer('attempt').notNull(),
  delivered: integer('delivered', { mode: 'boolean' }).notNull(),
  /** The HTTP status; 0 when there was no answer. */
  status: integer('status').notNull(),
  /** What went wrong; "" when nothing did. */
  error: text('error').notNull(),
  durationMs: integer('duration_ms').notNull(),
  /** When it was tried, ms. */
  time: integer('time').notNull(),
})

/** Events that an address did not take at any try, until they are sent again or given up. */
export const webhookDeadLetter = sqliteTable(
  'webhook_dead_letter',
  {
    // Never given twice: an administrator's note of one must not come to mean another.
    id: integer('id').primaryKey({ autoIncrement: true }),
    eventID: text('event_id').notNull(),
    name: text('name').notNull(),
    operationID: text('operation_id').notNull(),
    url: text('url').notNull(),
    key: text('reply_key').notNull(),
    /** Compressed. */
    body: blob('body', { mode: 'buffer' }).notNull(),
    /** When it happened, ms. */
    createTime: integer('create_time').notNull(),
    /** When it became a dead letter, ms. */
    deadTime: integer('dead_time').notNull(),
  },
  (table) => [uniqueIndex('webhook_dead_letter_once').on(table.eventID, table.url)],
)

/** Bodies too large for the queue, while their jobs are in it. */
export const webhookLargeBody = sqliteTable(
  'webhook_large_body',
  {
    eventID: text('event_id').notNull(),
    url: text('url').notNull(),
    /** Compressed. */
    body: blob('body', { mode: 'buffer' }).notNull(),
    createTime: integer('create_time').notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventID, table.url] })],
)
