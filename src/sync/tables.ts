import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The version of each list in D1, for example a user's friends, a user's joined groups, a group's members. */
export const versionHead = sqliteTable(
  'version_head',
  {
    list: text('list').notNull(),
    ownerID: text('owner_id').notNull(),
    versionID: text('version_id').notNull(),
    version: integer('version').notNull(),
  },
  (t) => [primaryKey({ columns: [t.list, t.ownerID] })],
)

/** The last change of each element of a list in `version_head`. */
export const versionChange = sqliteTable(
  'version_change',
  {
    list: text('list').notNull(),
    ownerID: text('owner_id').notNull(),
    elementID: text('element_id').notNull(),
    state: integer('state').notNull(),
    version: integer('version').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.list, t.ownerID, t.elementID] }),
    index('version_change_by_version').on(t.list, t.ownerID, t.version),
  ],
)
