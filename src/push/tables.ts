import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The tokens under which vendors reach devices. A token means one device, so it belongs to its latest user only. */
export const deviceToken = sqliteTable(
  'device_token',
  {
    provider: text('provider').notNull(),
    /** The vendor's token; for a browser, its PushSubscription as JSON. */
    token: text('token').notNull(),
    userID: text('user_id').notNull(),
    platformID: integer('platform_id').notNull(),
    /** The app's name for the vendor behind the `http` provider, for example `huawei`. */
    vendor: text('vendor').notNull(),
    /** ms; 0 = never. */
    expiresAt: integer('expires_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.provider, t.token] }), index('device_token_by_user').on(t.userID)],
)

export type DeviceTokenRow = typeof deviceToken.$inferSelect

/** Access tokens for calling the vendors, issued by them or signed here; all isolates share them. */
export const pushCredential = sqliteTable('push_credential', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  /** ms. */
  issuedAt: integer('issued_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  /** Until this time (ms) one isolate has claimed the renewal. */
  claimedUntil: integer('claimed_until').notNull(),
})
