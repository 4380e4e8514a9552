/*
 * The users who may make each call that needs a token, beyond the token itself. Calls without a token and calls for
 * administrators of the app need no line: `Endpoint.access` says so. The tests in `test/contract/` make each call as
 * several users and compare the outcome with the line.
 */

/** Administrators of the app may make every one of these calls as well. */
export const RULES = {
  anyone: 'every user',
  self: 'the user named in the call',
  own: 'every user, about the own data only',
  member: 'members of the group',
  leader: 'owner and administrators of the group',
  owner: 'the owner of the group',
} as const

export type Rule = keyof typeof RULES

export interface AccessLine {
  rule: Rule
  /** A condition that the rule does not say. */
  note?: string
}

const lines = (rule: Rule, ...paths: string[]) => paths.map((path): [string, AccessLine] => [path, { rule }])
const line = (path: string, rule: Rule, note: string): [string, AccessLine] => [path, { rule, note }]

export const ACCESS_LINES: Readonly<Record<string, AccessLine>> = Object.fromEntries([
  ...lines('anyone', '/user/get_users_info', '/user/get_users_status'),
  line(
    '/user/get_users_online_token_detail',
    'anyone',
    'only administrators of the app see tokens, others an empty list',
  ),
  ...lines('own', '/user/subscribe_users_status', '/user/get_subscribe_users_status'),
  ...lines('self', '/user/update_user_info', '/user/update_user_info_ex', '/user/set_global_msg_recv_opt'),
  ...lines('self', '/user/process_user_command_add', '/user/process_user_command_update'),
  ...lines('self', '/user/process_user_command_delete', '/user/process_user_command_get'),
  ...lines('self', '/user/process_user_command_get_all'),
  line('/user/get_user_client_config', 'self', 'without a userID every user'),

  ...lines(
    'self',
    '/friend/add_friend',
    '/friend/delete_friend',
    '/friend/set_friend_remark',
    '/friend/update_friends',
  ),
  line('/friend/add_friend_response', 'self', 'who got the request'),
  ...lines('self', '/friend/get_friend_apply_list', '/friend/get_self_friend_apply_list'),
  line('/friend/get_designated_friend_apply', 'self', 'either of the two users'),
  ...lines('self', '/friend/get_self_unhandled_apply_count', '/friend/get_friend_list'),
  ...lines('self', '/friend/get_designated_friends', '/friend/get_friend_id', '/friend/get_specified_friends_info'),
  line('/friend/is_friend', 'self', 'either of the two users'),
  ...lines('self', '/friend/get_incremental_friends', '/friend/get_full_friend_user_ids'),
  ...lines('self', '/friend/add_black', '/friend/remove_black', '/friend/get_black_list'),
  ...lines('self', '/friend/get_specified_blacks', '/friend/get_incremental_blacks'),

  line('/group/create_group', 'self', 'as the owner of the new group'),
  ...lines(
    'leader',
    '/group/set_group_info',
    '/group/set_group_info_ex',
    '/group/mute_group',
    '/group/cancel_mute_group',
  ),
  line('/group/kick_group', 'leader', 'an administrator only plain members'),
  line('/group/mute_group_member', 'leader', 'an administrator only plain members'),
  line('/group/cancel_mute_group_member', 'leader', 'an administrator only plain members'),
  ...lines('leader', '/group/group_application_response'),
  line('/group/set_group_member_info', 'leader', 'members their own name and face; roles only the owner'),
  ...lines('owner', '/group/dismiss_group', '/group/transfer_group'),
  ...lines('self', '/group/join_group', '/group/quit_group'),
  ...lines('member', '/group/invite_user_to_group'),
  ...lines(
    'self',
    '/group/get_joined_group_list',
    '/group/get_incremental_join_groups',
    '/group/get_full_join_group_ids',
  ),
  ...lines('anyone', '/group/get_groups_info'),
  line('/group/get_groups', 'anyone', 'one group by its groupID; the list is for administrators of the app'),
  ...lines('member', '/group/get_group_abstract_info', '/group/get_group_member_list', '/group/get_group_members_info'),
  ...lines('member', '/group/get_group_member_user_id', '/group/get_incremental_group_members'),
  ...lines('member', '/group/get_incremental_group_members_batch', '/group/get_full_group_member_user_ids'),
  ...lines('self', '/group/get_recv_group_applicationList', '/group/get_user_req_group_applicationList'),
  ...lines('leader', '/group/get_group_users_req_application_list', '/group/get_specified_user_group_request_info'),
  ...lines('self', '/group/get_group_application_unhandled_count'),

  ...lines('self', '/conversation/get_conversation', '/conversation/get_conversations'),
  ...lines('self', '/conversation/get_all_conversations', '/conversation/get_owner_conversation'),
  ...lines('self', '/conversation/get_incremental_conversations', '/conversation/get_full_conversation_ids'),
  ...lines('self', '/conversation/get_not_notify_conversation_ids', '/conversation/get_pinned_conversation_ids'),
  ...lines('self', '/conversation/get_sorted_conversation_list', '/conversation/delete_conversations'),
  ...lines('self', '/conversation/update_conversations_by_user'),
  line('/conversation/set_conversations', 'self', 'a private chat is set for both of its users'),

  line('/msg/send_simple_msg', 'self', 'as the sender of the answer'),
  ...lines('own', '/msg/check_msg_is_send_success'),
  ...lines('anyone', '/msg/get_server_time'),
  ...lines('self', '/msg/newest_seq', '/msg/pull_msg_by_seq', '/msg/get_conversations_has_read_and_max_seq'),
  ...lines('self', '/msg/mark_msgs_as_read', '/msg/mark_conversation_as_read', '/msg/set_conversation_has_read_seq'),
  ...lines('self', '/msg/get_group_message_readers'),
  line('/msg/revoke_msg', 'self', 'the sender; in a group also its owner, and administrators for plain members'),
  line('/msg/delete_msgs', 'self', 'for all members of a group: the sender, its owner and administrators'),
  line('/msg/clear_conversation_msg', 'self', 'for all members of a group: its owner and administrators'),
  line('/msg/user_clear_all_msg', 'self', 'for all members only where the user may clear the group'),
  ...lines('own', '/jssdk/get_active_conversations', '/jssdk/get_conversations'),

  ...lines('anyone', '/object/part_limit', '/object/part_size'),
  line('/object/initiate_multipart_upload', 'self', 'names begin with the own userID'),
  line('/object/initiate_form_data', 'self', 'names begin with the own userID'),
  line('/object/auth_sign', 'own', 'own uploads'),
  line('/object/complete_multipart_upload', 'own', 'own uploads'),
  line('/object/complete_form_data', 'own', 'own uploads'),
  line('/object/access_url', 'anyone', 'the name of a file is the permission to read it'),

  ...lines('self', '/third/fcm_update_token', '/third/update_push_token', '/third/delete_push_token'),
  ...lines('self', '/third/set_app_badge'),
  ...lines('own', '/third/logs/upload'),
  ...lines('anyone', '/third/get_push_config'),
])
