import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const user = sqliteTable('user', {
  userID: text('user_id').primaryKey(),
  nickname: text('nickname').notNull(),
  faceURL: text('face_url').notNull(),
  ex: text('ex').notNull(),
  createTime: integer('create_time').notNull(),
  /** OpenIM's spelling on the wire is `appMangerLevel`: 0 and 1 user, 2 admin, 3 notification account, 4 robot. */
  appMangerLevel: integer('app_manger_level').notNull(),
  globalRecvMsgOpt: integer('global_recv_msg_opt').notNull(),
})

export type UserRow = typeof user.$inferSelect

/** What a user's devices keep here for each other, favourites say; the app gives `type` and `uuid` their meaning. */
export const userCommand = sqliteTable(
  'user_command',
  {
    userID: text('user_id').notNull(),
    type: integer('type').notNull(),
    uuid: text('uuid').notNull(),
    value: text('value').notNull(),
    ex: text('ex').notNull(),
    /** Seconds since the epoch, as on the wire. */
    createTime: integer('create_time').notNull(),
  },
  (t) => [primaryKey({ columns: [t.userID, t.type, t.uuid] })],
)

export type UserCommandRow = typeof userCommand.$inferSelect

/** Settings that the app's administrators hand to its clients: under userID "" for all, else for one user. */
export const clientConfig = sqliteTable(
  'client_config',
  {
    userID: text('user_id').notNull(),
    key: text('key').notNull(),
    value: text('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.userID, t.key] })],
)

export type ClientConfigRow = typeof clientConfig.$inferSelect
