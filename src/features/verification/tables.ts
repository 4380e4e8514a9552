import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The newest code of each address. Address and code are stored as keyed hashes only. */
export const verificationCode = sqliteTable(
  'verification_code',
  {
    /** The keyed hash of the address. */
    account: text('account').primaryKey(),
    codeHash: text('code_hash').notNull(),
    sendTime: integer('send_time').notNull(),
    expireTime: integer('expire_time').notNull(),
    attempts: integer('attempts').notNull(),
    used: integer('used', { mode: 'boolean' }).notNull(),
  },
  (t) => [index('verification_code_by_expiry').on(t.expireTime)],
)

/** The number of codes that were sent to an address, or requested from a network, since its window started. */
export const verificationCount = sqliteTable(
  'verification_count',
  {
    /** The keyed hash of the address or of the network. */
    subject: text('subject').primaryKey(),
    windowStart: integer('window_start').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [index('verification_count_by_window').on(t.windowStart)],
)
