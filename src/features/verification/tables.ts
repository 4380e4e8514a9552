import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The newest code of an address. Neither can be read from it: both are keyed hashes. */
export const verificationCode = sqliteTable(
  'verification_code',
  {
    /** Hash of the address. */
    account: text('account').primaryKey(),
    codeHash: text('code_hash').notNull(),
    sendTime: integer('send_time').notNull(),
    expireTime: integer('expire_time').notNull(),
    attempts: integer('attempts').notNull(),
    used: integer('used', { mode: 'boolean' }).notNull(),
  },
  (t) => [index('verification_code_by_expiry').on(t.expireTime)],
)

/** How many codes went to an address, or were asked for from a network, since its window began. */
export const verificationCount = sqliteTable(
  'verification_count',
  {
    /** Hash of the address or of the network. */
    subject: text('subject').primaryKey(),
    windowStart: integer('window_start').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [index('verification_count_by_window').on(t.windowStart)],
)
