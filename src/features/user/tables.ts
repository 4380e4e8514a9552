import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const user = sqliteTable('user', {
  userID: text('user_id').primaryKey(),
  nickname: text('nickname').notNull(),
  faceURL: text('face_url').notNull(),
  ex: text('ex').notNull(),
  createTime: integer('create_time').notNull(),
  /** An `AccountLevel`, in OpenIM's spelling. */
  appMangerLevel: integer('app_manger_level').notNull(),
  /** A `ReceiveOption`. */
  globalRecvMsgOpt: integer('global_recv_msg_opt').notNull(),
})

export type UserRow = typeof user.$inferSelect

/** Data that a user's devices store for each other, such as favourites. The app defines what `type` and `uuid` mean. */
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

/** Settings that app administrators set for clients. Those under userID "" are for all users. */
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
