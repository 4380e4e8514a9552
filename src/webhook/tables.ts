import { blob, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** The tries to deliver after-webhooks, in order; only the newest tries are kept. */
export const webhookDelivery = sqliteTable('webhook_delivery', {
  id: integer('id').primaryKey(),
  eventID: text('event_id').notNull(),
  name: text('name').notNull(),
  operationID: text('operation_id').notNull(),
  url: text('url').notNull(),
  /** Counts the tries of one event and address, from 1. */
  attempt: integer('attempt').notNull(),
  delivered: integer('delivered', { mode: 'boolean' }).notNull(),
  /** The HTTP status; 0 when the app server did not answer. */
  status: integer('status').notNull(),
  /** Why the try failed; "" when it succeeded. */
  error: text('error').notNull(),
  durationMs: integer('duration_ms').notNull(),
  /** Time of the try, ms. */
  time: integer('time').notNull(),
})

/**
 * Events that an address did not accept in any try. They stay until an administrator sends them again or deletes them.
 */
export const webhookDeadLetter = sqliteTable(
  'webhook_dead_letter',
  {
    // AUTOINCREMENT never reuses an ID, so that an ID which an administrator noted down never means another event.
    id: integer('id').primaryKey({ autoIncrement: true }),
    eventID: text('event_id').notNull(),
    name: text('name').notNull(),
    operationID: text('operation_id').notNull(),
    url: text('url').notNull(),
    key: text('reply_key').notNull(),
    /** Compressed. */
    body: blob('body', { mode: 'buffer' }).notNull(),
    /** Time of the event, ms. */
    createTime: integer('create_time').notNull(),
    /** Time at which the event became a dead letter, ms. */
    deadTime: integer('dead_time').notNull(),
  },
  (table) => [uniqueIndex('webhook_dead_letter_once').on(table.eventID, table.url)],
)

/** Bodies that are too large for the queue, stored while their jobs are in the queue. */
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
