import { desc } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { UserRow } from '../user/tables.ts'

/** Named `chat_group`, because GROUP is a keyword of SQL. */
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
  /** A `GroupStatus`. */
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
    /** A `GroupRole`. */
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
    // In OpenIM's order of a member list, so that a query for one page of a large group does not read the other rows.
    index('group_member_by_role').on(t.groupID, desc(t.roleLevel), t.joinTime, t.userID),
  ],
)

export type GroupMemberRow = typeof groupMember.$inferSelect

/**
 * Requests to join a group, for the owner and the administrators to answer. A new request replaces the user's old one.
 */
export const groupRequest = sqliteTable(
  'group_request',
  {
    groupID: text('group_id').notNull(),
    userID: text('user_id').notNull(),
    /** A `HandleResult`. */
    handleResult: integer('handle_result').notNull(),
    reqMsg: text('req_msg').notNull(),
    reqTime: integer('req_time').notNull(),
    handleUserID: text('handle_user_id').notNull(),
    handledMsg: text('handled_msg').notNull(),
    /** 0 while the request is pending. */
    handledTime: integer('handled_time').notNull(),
    joinSource: integer('join_source').notNull(),
    /** The member who made the request for the user; "" when the user made it. */
    inviterUserID: text('inviter_user_id').notNull(),
    ex: text('ex').notNull(),
  },
  (t) => [primaryKey({ columns: [t.groupID, t.userID] }), index('group_request_by_user').on(t.userID, t.reqTime)],
)

export type GroupRequestRow = typeof groupRequest.$inferSelect

/* Rows as they are read with joins. */

/** A group and the member row of one user, null when the user is not a member. */
export interface GroupAndMember {
  group: GroupRow
  member: GroupMemberRow | null
}

export interface GroupWithOwner {
  group: GroupRow
  /** The nickname that the owner shows in this group. */
  owner: { nickname: string }
}

export interface MemberWithUser {
  member: GroupMemberRow
  /** The user's own name and face. */
  user: { nickname: string; faceURL: string }
}

/** A request to join, with the current rows of the group and of the user who is to join it. */
export interface JoinRequest {
  request: GroupRequestRow
  group: GroupRow
  user: Pick<UserRow, 'userID' | 'nickname' | 'faceURL' | 'ex'>
}
