import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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
