import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One side of a friendship: whom `owner` has in the list, and under which remark. */
export const friend = sqliteTable(
  'friend',
  {
    ownerUserID: text('owner_user_id').notNull(),
    friendUserID: text('friend_user_id').notNull(),
    remark: text('remark').notNull(),
    /** ms; most answers give it in seconds. */
    createTime: integer('create_time').notNull(),
    addSource: integer('add_source').notNull(),
    operatorUserID: text('operator_user_id').notNull(),
    ex: text('ex').notNull(),
    isPinned: integer('is_pinned', { mode: 'boolean' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.ownerUserID, t.friendUserID] }),
    // Who has this user as a friend: asked when the user's profile changes.
    index('friend_by_friend').on(t.friendUserID),
  ],
)

export type FriendRow = typeof friend.$inferSelect

export const black = sqliteTable(
  'black',
  {
    ownerUserID: text('owner_user_id').notNull(),
    blackUserID: text('black_user_id').notNull(),
    createTime: integer('create_time').notNull(),
    addSource: integer('add_source').notNull(),
    operatorUserID: text('operator_user_id').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [primaryKey({ columns: [t.ownerUserID, t.blackUserID] })],
)

export type BlackRow = typeof black.$inferSelect

/** That one user asked to be another's friend, and what came of it: one row for each direction, the newest request. */
export const friendRequest = sqliteTable(
  'friend_request',
  {
    fromUserID: text('from_user_id').notNull(),
    toUserID: text('to_user_id').notNull(),
    /** 0 pending, 1 agreed, -1 refused. */
    handleResult: integer('handle_result').notNull(),
    reqMsg: text('req_msg').notNull(),
    /** ms, in answers too. */
    createTime: integer('create_time').notNull(),
    handlerUserID: text('handler_user_id').notNull(),
    handleMsg: text('handle_msg').notNull(),
    /** ms; 0 while pending. */
    handleTime: integer('handle_time').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.fromUserID, t.toUserID] }),
    index('friend_request_by_receiver').on(t.toUserID, t.createTime),
  ],
)

export type FriendRequestRow = typeof friendRequest.$inferSelect
