import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Settings that were changed at run time. They take precedence over the deployment's own (see `overrides.ts`). */
export const settingOverride = sqliteTable('setting_override', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  changedBy: text('changed_by').notNull(),
  changeTime: integer('change_time').notNull(),
})
