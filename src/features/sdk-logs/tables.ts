import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Log files that SDKs have uploaded; the files themselves are in the file store. */
export const sdkLog = sqliteTable(
  'sdk_log',
  {
    /** Ten digits, as in OpenIM. */
    logID: text('log_id').primaryKey(),
    userID: text('user_id').notNull(),
    /** OpenIM's name of the platform, such as `iOS`. */
    platform: text('platform').notNull(),
    appFramework: text('app_framework').notNull(),
    version: text('version').notNull(),
    filename: text('filename').notNull(),
    url: text('url').notNull(),
    ex: text('ex').notNull(),
    createTime: integer('create_time').notNull(),
  },
  (t) => [index('sdk_log_by_time').on(t.createTime)],
)

export type SdkLogRow = typeof sdkLog.$inferSelect
