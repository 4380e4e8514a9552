import { desc } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Named `chat_group`, since GROUP is a word of SQL. */
export const group = sqliteTable('chat_group', {
  groupID: text('group_id').primaryKey(),
  groupName: text('group_name').notNull(),
  notification: text('notification').notNull(),
  introduction: text('introduction').notNull(),
  faceURL: text('face_url').notNull(),
  ownerUserID: text('owner_user_id').notNull(),
  createTime: integer('create_time').notNull(),
  memberCount: integer('member_count').notNull(),
  ex: text('ex').notNull(),
  /** 0 in use, 1 banned, 2 dismissed, 3 muted. */
  status: integer('status').notNull(),
  creatorUserID: text('creator_user_id').notNull(),
  groupType: integer('group_type').notNull(),
  needVerification: integer('need_verification').notNull(),
  lookMemberInfo: integer('look_member_info').notNull(),
  applyMemberFriend: integer('apply_member_friend').notNull(),
  notificationUpdateTime: integer('notification_update_time').notNull(),
  notificationUserID: text('notification_user_id').notNull(),
})

export type GroupRow = typeof group.$inferSelect

export const groupMember = sqliteTable(
  'group_member',
  {
    groupID: text('group_id').notNull(),
    userID: text('user_id').notNull(),
    nickname: text('nickname').notNull(),
    faceURL: text('face_url').notNull(),
    /** 100 owner, 60 admin, 20 member. */
    roleLevel: integer('role_level').notNull(),
    joinTime: integer('join_time').notNull(),
    joinSource: integer('join_source').notNull(),
    inviterUserID: text('inviter_user_id').notNull(),
    operatorUserID: text('operator_user_id').notNull(),
    muteEndTime: integer('mute_end_time').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.groupID, t.userID] }),
    index('group_member_by_user').on(t.userID),
    // OpenIM's order of a member list, so that a page of a large group reads that page.
    index('group_member_by_role').on(t.groupID, desc(t.roleLevel), t.joinTime, t.userID),
  ],
)

export type GroupMemberRow = typeof groupMember.$inferSelect

/** A wish to join that waits, or waited, for the owner or an administrator; a new one takes the place of the old. */
export const groupRequest = sqliteTable(
  'group_request',
  {
    groupID: text('group_id').notNull(),
    userID: text('user_id').notNull(),
    /** 0 pending, 1 agreed, -1 refused. */
    handleResult: integer('handle_result').notNull(),
    reqMsg: text('req_msg').notNull(),
    reqTime: integer('req_time').notNull(),
    handleUserID: text('handle_user_id').notNull(),
    handledMsg: text('handled_msg').notNull(),
    /** 0 while it waits. */
    handledTime: integer('handled_time').notNull(),
    joinSource: integer('join_source').notNull(),
    /** "" for a wish of the user's own. */
    inviterUserID: text('inviter_user_id').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [primaryKey({ columns: [t.groupID, t.userID] }), index('group_request_by_user').on(t.userID, t.reqTime)],
)

export type GroupRequestRow = typeof groupRequest.$inferSelect
