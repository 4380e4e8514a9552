import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Under which token a vendor reaches a device. A token stands for one device, so it has one user: the latest. */
export const deviceToken = sqliteTable(
  'device_token',
  {
    provider: text('provider').notNull(),
    /** Of a browser: its PushSubscription as JSON. */
    token: text('token').notNull(),
    userID: text('user_id').notNull(),
    platformID: integer('platform_id').notNull(),
    /** The app's name for whoever is behind the generic provider: `huawei`, say. */
    vendor: text('vendor').notNull(),
    /** ms; 0 = never. */
    expiresAt: integer('expires_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.provider, t.token] }), index('device_token_by_user').on(t.userID)],
)

export type DeviceTokenRow = typeof deviceToken.$inferSelect

/** What vendors gave us, or we signed, to call them with: one for all isolates. */
export const pushCredential = sqliteTable('push_credential', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  /** ms. */
  issuedAt: integer('issued_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  /** Until then an isolate that is renewing it has it for itself, ms. */
  claimedUntil: integer('claimed_until').notNull(),
})
