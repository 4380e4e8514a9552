import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One side of a friendship: an entry of the owner's friend list. */
export const friend = sqliteTable(
  'friend',
  {
    ownerUserID: text('owner_user_id').notNull(),
    friendUserID: text('friend_user_id').notNull(),
    remark: text('remark').notNull(),
    /** In ms; most replies show it in seconds. */
    createTime: integer('create_time').notNull(),
    addSource: integer('add_source').notNull(),
    operatorUserID: text('operator_user_id').notNull(),
    ex: text('ex').notNull(),
    isPinned: integer('is_pinned', { mode: 'boolean' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.ownerUserID, t.friendUserID] }),
    // Finds the friend lists that show a user, when the user's profile changes.
    index('friend_by_friend').on(t.friendUserID),
  ],
)

export type FriendRow = typeof friend.$inferSelect

/** Blocked users: an entry of the owner's block list (OpenIM: black list). */
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

/** Friend requests and their answers. For each pair and direction there is one row, for the newest request. */
export const friendRequest = sqliteTable(
  'friend_request',
  {
    fromUserID: text('from_user_id').notNull(),
    toUserID: text('to_user_id').notNull(),
    /** A `HandleResult`. */
    handleResult: integer('handle_result').notNull(),
    reqMsg: text('req_msg').notNull(),
    /** In ms, in replies too. */
    createTime: integer('create_time').notNull(),
    handlerUserID: text('handler_user_id').notNull(),
    handleMsg: text('handle_msg').notNull(),
    /** In ms; 0 while the request is pending. */
    handleTime: integer('handle_time').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.fromUserID, t.toUserID] }),
    index('friend_request_by_receiver').on(t.toUserID, t.createTime),
  ],
)

export type FriendRequestRow = typeof friendRequest.$inferSelect
