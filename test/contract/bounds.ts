/*
 * The bounds of every REST call that takes a list or a page or answers a whole list, and of the methods of objects.
 * `test/http/bounds.test.ts` compares the inputs with the schemas and sends each call its worst input against full data.
 */

export interface Bound {
  /** The lists and pages of the request with the largest number of elements. `x[]` is a list, `x{}` an object. */
  inputs: Record<string, number>
  /** The largest answer in bytes, rows read in objects and D1 together, and calls to objects. */
  most: { bytes: number; rows: number; calls: number }
  /** The request that costs most, for an administrator or for the user `big`; absent = the reason is in `unmeasured`. */
  worst?: object
  as?: 'big'
  /** The errCode of the answer to `worst`, if it is not 0. */
  code?: number
  /** `worst` is this part of the largest input, and may need only this part of the rows and the calls. */
  part?: number
  unmeasured?: string
}

const MB = 1_000_000
const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** The users in the full data are `u000000` to `u009999`, and `big`, who has a chat with each of them. */
export const userID = (i: number) => `u${String(i).padStart(6, '0')}`
export const chatID = (i: number) => `si_big_${userID(i)}`
export const GROUP_ID = 'grp'
const FULL_CHAT = chatID(1)

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))
const groups = (count: number) => times(count, (i) => `g${String(i + 1).padStart(6, '0')}`)
const users = (count: number) => times(count, (i) => userID(i + 1))
const page = (showNumber = 1_000) => ({ pagination: { pageNumber: 1, showNumber } })
const seqs = times(10_000, (i) => i + 1)
const day = { start: 1, end: 4_000_000_000_000 }
const since = { versionID: '', version: 0 }
const paged = (showNumber = 1_000) => ({ 'pagination.showNumber': showNumber })

/** Each of these users is an object. Each object takes 20 ms to make here, and the cost grows with the users. */
const PART = 0.2

const inObjects = 'each element is a call to an object of its own'
const needsUpload = 'it needs an upload of 10,000 parts; one row of D1 is read, and a part has about 200 bytes'

export const BOUNDS: Readonly<Record<string, Bound>> = {
  '/user/user_register': {
    inputs: { 'users[]': 1_000 },
    most: { bytes: 1_000, rows: 20_000, calls: 1_001 },
    worst: { users: times(1_000, (i) => ({ userID: `n${i}`, nickname: `N${i}` })) },
  },
  '/user/account_check': {
    inputs: { 'checkUserIDs[]': 1_000 },
    most: { bytes: 200_000, rows: 3_000, calls: 1 },
    worst: { checkUserIDs: users(1_000) },
  },
  '/user/get_users_info': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 4_000, calls: 1 },
    worst: { userIDs: users(1_000) },
  },
  '/user/get_users': { inputs: paged(), most: { bytes: 8 * MB, rows: 50_000, calls: 1 }, worst: page() },
  '/user/get_all_users_uid': {
    inputs: paged(10_000),
    most: { bytes: 1 * MB, rows: 80_000, calls: 1 },
    worst: page(10_000),
  },
  '/user/get_users_status': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 200_000, rows: 50_000, calls: 1_001 },
    worst: { userID: 'big', userIDs: users(1_000 * PART) },
    part: PART,
  },
  '/user/get_users_online_status': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 200_000, rows: 50_000, calls: 1_001 },
    worst: { userIDs: users(1_000 * PART) },
    part: PART,
  },
  '/user/get_users_online_token_detail': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 2 * MB, rows: 50_000, calls: 1_001 },
    worst: { userIDs: users(1_000 * PART) },
    part: PART,
  },
  '/user/subscribe_users_status': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 200_000, rows: 20_000, calls: 2_001 },
    worst: { userID: 'big', userIDs: users(1_000 * PART), genre: 1 },
    part: PART,
  },
  '/user/set_user_client_config': {
    inputs: { 'configs{}': 1_000 },
    most: { bytes: 1_000, rows: 50_000, calls: 1 },
    worst: { userID: 'big', configs: Object.fromEntries(times(1_000, (i) => [`key${i}`, 'v'])) },
  },
  '/user/del_user_client_config': {
    inputs: { 'keys[]': 1_000 },
    most: { bytes: 1_000, rows: 50_000, calls: 1 },
    worst: { userID: 'big', keys: times(1_000, (i) => `key${i + 5_000}`) },
  },
  '/user/page_user_client_config': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', key: '', ...page() },
  },
  '/user/search_notification_account': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { keyword: '', ...page() },
  },

  '/friend/get_friend_apply_list': {
    inputs: { ...paged(), 'handleResults[]': 16 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', ...page() },
  },
  '/friend/get_self_friend_apply_list': {
    inputs: { ...paged(), 'handleResults[]': 16 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', ...page() },
  },
  '/friend/import_friend': {
    inputs: { 'friendUserIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 20_000, calls: 1 },
    unmeasured: 'a friendship is several calls to objects, most of them in a queue',
  },
  '/friend/update_friends': {
    inputs: { 'friendUserIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 20_000, calls: 10 },
    worst: { ownerUserID: 'big', friendUserIDs: users(1_000), remark: 'mate' },
  },
  '/friend/get_friend_list': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 80_000, calls: 1 },
    worst: { userID: 'big', ...page() },
  },
  '/friend/get_designated_friends': {
    inputs: { 'friendUserIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { ownerUserID: 'big', friendUserIDs: users(1_000) },
  },
  '/friend/get_specified_friends_info': {
    inputs: { 'userIDList[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { ownerUserID: 'big', userIDList: users(1_000) },
  },
  '/friend/get_black_list': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 80_000, calls: 1 },
    worst: { userID: 'big', ...page() },
  },
  '/friend/get_specified_blacks': {
    inputs: { 'userIDList[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { ownerUserID: 'big', userIDList: users(1_000) },
  },
  '/friend/get_incremental_friends': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', ...since },
  },
  '/friend/get_incremental_blacks': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', ...since },
  },
  '/friend/get_friend_id': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big' },
  },
  '/friend/get_full_friend_user_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', idHash: 1 },
  },

  '/group/create_group': {
    inputs: { 'memberUserIDs[]': 1_000, 'adminUserIDs[]': 1_000 },
    most: { bytes: 50_000, rows: 100_000, calls: 10_000 },
    unmeasured: inObjects,
  },
  '/group/invite_user_to_group': {
    inputs: { 'invitedUserIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 100_000, calls: 10_000 },
    unmeasured: inObjects,
  },
  '/group/kick_group': {
    inputs: { 'kickedUserIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 100_000, calls: 10_000 },
    unmeasured: inObjects,
  },
  '/group/set_group_member_info': {
    inputs: { 'members[]': 1_000 },
    most: { bytes: 1_000, rows: 100_000, calls: 10_000 },
    unmeasured: inObjects,
  },
  '/group/get_joined_group_list': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 60_000, calls: 1 },
    worst: { fromUserID: 'big', ...page() },
  },
  '/group/get_groups_info': {
    inputs: { 'groupIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 5_000, calls: 1 },
    worst: { groupIDs: groups(1_000) },
  },
  '/group/get_groups': { inputs: paged(), most: { bytes: 8 * MB, rows: 60_000, calls: 1 }, worst: page() },
  '/group/get_group_abstract_info': {
    inputs: { 'groupIDs[]': 1_000 },
    most: { bytes: 200_000, rows: 250_000, calls: 1 },
    worst: { groupIDs: [GROUP_ID, ...groups(999)] },
  },
  '/group/get_group_member_list': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 80_000, calls: 1 },
    worst: { groupID: GROUP_ID, keyword: 'user', ...page() },
  },
  '/group/get_group_members_info': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { groupID: GROUP_ID, userIDs: users(1_000) },
  },
  '/group/get_group_member_user_id': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 1 },
    worst: { groupID: GROUP_ID },
  },
  '/group/get_full_group_member_user_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 1 },
    worst: { groupID: GROUP_ID, idHash: 1 },
  },
  '/group/get_full_join_group_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', idHash: 1 },
  },
  '/group/get_incremental_join_groups': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', ...since },
  },
  '/group/get_incremental_group_members': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { groupID: GROUP_ID, ...since },
  },
  '/group/get_incremental_group_members_batch': {
    inputs: { 'reqList[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', reqList: groups(1_000).map((groupID) => ({ groupID, ...since })) },
  },
  '/group/get_recv_group_applicationList': {
    inputs: { ...paged(), 'groupIDs[]': 1_000, 'handleResults[]': 16 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { fromUserID: userID(0), groupIDs: times(1_000, () => GROUP_ID), ...page() },
  },
  '/group/get_user_req_group_applicationList': {
    inputs: { ...paged(), 'groupIDs[]': 1_000, 'handleResults[]': 16 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { userID: 'big', groupIDs: groups(1_000), ...page() },
  },
  '/group/get_group_users_req_application_list': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { groupID: GROUP_ID, userIDs: users(1_000) },
  },

  '/conversation/get_conversations': {
    inputs: { 'conversationIDs[]': 10_000 },
    most: { bytes: 8 * MB, rows: 50_000, calls: 2 },
    worst: { ownerUserID: 'big', conversationIDs: times(10_000, chatID) },
  },
  '/conversation/get_all_conversations': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 60_000, calls: 2 },
    worst: { ownerUserID: 'big' },
  },
  '/conversation/get_owner_conversation': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 60_000, calls: 2 },
    worst: { userID: 'big', ...page() },
  },
  '/conversation/get_sorted_conversation_list': {
    inputs: { 'conversationIDs[]': 10_000, ...paged() },
    most: { bytes: 8 * MB, rows: 100_000, calls: 1_004 },
    worst: { userID: 'big', conversationIDs: times(10_000, chatID), ...page(400) },
  },
  '/conversation/get_not_notify_conversation_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 2 },
    worst: { userID: 'big' },
  },
  '/conversation/get_pinned_conversation_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 2 },
    worst: { userID: 'big' },
  },
  '/conversation/get_incremental_conversations': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 50_000, calls: 2 },
    worst: { userID: 'big', ...since },
  },
  '/conversation/get_full_conversation_ids': {
    inputs: {},
    most: { bytes: 2 * MB, rows: 50_000, calls: 2 },
    worst: { userID: 'big', idHash: 1 },
  },
  '/conversation/set_conversations': {
    inputs: { 'userIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 6_000 },
    unmeasured: inObjects,
  },
  '/conversation/delete_conversations': {
    inputs: { 'conversationIDs[]': 10_000 },
    most: { bytes: 1_000, rows: 100_000, calls: 10 },
    worst: { ownerUserID: 'big', conversationIDs: times(10_000, (i) => `si_big_none${i}`) },
  },

  '/msg/batch_send_msg': {
    inputs: { 'recvIDs[]': 20_000 },
    most: { bytes: 100_000, rows: 20_000, calls: 2_000 },
    unmeasured: 'at most 500 receivers are served in the call, the others in a queue; each is a call to an object',
  },
  '/msg/newest_seq': { inputs: {}, most: { bytes: 2 * MB, rows: 50_000, calls: 2 }, worst: { userID: 'big' } },
  '/msg/pull_msg_by_seq': {
    inputs: { 'seqRanges[]': 500 },
    most: { bytes: 8 * MB, rows: 20_000, calls: 502 },
    worst: {
      userID: 'big',
      seqRanges: times(500, () => ({ conversationID: FULL_CHAT, begin: -1, end: MAX_SAFE, num: MAX_SAFE })),
    },
  },
  '/msg/get_conversations_has_read_and_max_seq': {
    inputs: { 'conversationIDs[]': 10_000 },
    most: { bytes: 3 * MB, rows: 100_000, calls: 3 },
    worst: { userID: 'big', conversationIDs: times(10_000, chatID), returnPinned: true },
  },
  '/msg/search_msg': {
    inputs: paged(200),
    most: { bytes: 8 * MB, rows: 220_000, calls: 1_000 },
    worst: { sendID: userID(1), recvID: 'big', ...page(200) },
  },
  '/msg/get_group_message_readers': {
    inputs: paged(),
    most: { bytes: 200_000, rows: 80_000, calls: 3 },
    unmeasured: 'it needs a group whose members have the conversation; it compares the read positions of all members',
  },
  '/msg/mark_conversation_as_read': {
    inputs: { 'seqs[]': 10_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 20 },
    worst: { userID: 'big', conversationID: FULL_CHAT, hasReadSeq: 10_000, seqs },
  },
  '/msg/mark_msgs_as_read': {
    inputs: { 'seqs[]': 10_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 20 },
    worst: { userID: 'big', conversationID: FULL_CHAT, seqs },
  },
  '/msg/delete_msgs': {
    inputs: { 'seqs[]': 10_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 20 },
    worst: { userID: 'big', conversationID: FULL_CHAT, seqs },
  },
  '/msg/delete_msg_phsical_by_seq': {
    inputs: { 'seqs[]': 10_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 3 },
    worst: { conversationID: `sg_${GROUP_ID}`, seqs },
  },
  '/msg/delete_msg_physical': {
    inputs: { 'conversationIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 1_001 },
    worst: { conversationIDs: times(1_000, () => FULL_CHAT), timestamp: 1 },
  },
  '/msg/clear_conversation_msg': {
    inputs: { 'conversationIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 80_000, calls: 6_000 },
    worst: { userID: 'big', conversationIDs: times(1_000, (i) => chatID(i + 5_000)) },
  },

  '/jssdk/get_conversations': {
    inputs: { 'conversationIDs[]': 1_000 },
    most: { bytes: 8 * MB, rows: 100_000, calls: 1_004 },
    worst: { ownerUserID: 'big', conversationIDs: times(1_000, (i) => chatID(i + 1)) },
    as: 'big',
  },
  '/jssdk/get_active_conversations': {
    inputs: {},
    most: { bytes: 8 * MB, rows: 100_000, calls: 504 },
    worst: { ownerUserID: 'big', count: 500 },
    as: 'big',
  },

  '/object/auth_sign': {
    inputs: { 'partNumbers[]': 10_000 },
    most: { bytes: 8 * MB, rows: 10, calls: 1 },
    unmeasured: needsUpload,
  },
  '/object/complete_multipart_upload': {
    inputs: { 'parts[]': 10_000 },
    most: { bytes: 10_000, rows: 10_010, calls: 1 },
    unmeasured: needsUpload,
  },
  '/object/access_url': {
    inputs: { 'query{}': 20 },
    most: { bytes: 10_000, rows: 10, calls: 1 },
    unmeasured: 'it needs a file; one row of D1 is read',
  },
  '/third/logs/upload': {
    inputs: { 'fileURLs[]': 100 },
    most: { bytes: 1_000, rows: 1_000, calls: 1 },
    worst: { platform: 2, fileURLs: times(100, (i) => ({ filename: `f${i}`, URL: `https://x/${i}` })) },
  },
  '/third/logs/search': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 50_000, calls: 1 },
    worst: { keyword: '', startTime: 0, endTime: 0, ...page() },
  },
  '/third/logs/delete': {
    inputs: { 'logIDs[]': 1_000 },
    most: { bytes: 1_000, rows: 50_000, calls: 1 },
    unmeasured: 'it deletes rows of one table of D1 by their IDs',
  },
  '/statistics/user/active': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 220_000, calls: 800 },
    worst: { ...day, ...page() },
  },
  '/statistics/group/active': {
    inputs: paged(),
    most: { bytes: 8 * MB, rows: 220_000, calls: 800 },
    worst: { ...day, ...page() },
  },
  '/config/set_configs': {
    inputs: { 'configs[]': 100 },
    most: { bytes: 1_000, rows: 1_000, calls: 1 },
    unmeasured: 'it writes at most one row of D1 for each setting',
  },
  '/webhook/get_deliveries': { inputs: paged(), most: { bytes: 8 * MB, rows: 50_000, calls: 1 }, worst: page() },
  '/webhook/get_dead_letters': { inputs: paged(), most: { bytes: 8 * MB, rows: 50_000, calls: 1 }, worst: page() },
  '/webhook/replay': {
    inputs: { 'ids[]': 1_000 },
    most: { bytes: 10_000, rows: 50_000, calls: 1 },
    worst: { ids: times(1_000, (i) => i + 1) },
    code: 1001,
  },
  '/webhook/delete_dead_letters': {
    inputs: { 'ids[]': 1_000 },
    most: { bytes: 10_000, rows: 50_000, calls: 1 },
    worst: { ids: times(1_000, (i) => i + 1) },
  },
}

/** The methods of objects that take or answer a list or a range, with their bound. */
export const OBJECT_BOUNDS: Readonly<Record<string, string>> = {
  'UserObject.deliver': '512 KB of messages, as the conversation batches them',
  'UserObject.conversations': '10 MB of rows, then 1001',
  'UserObject.conversationPage': '10 MB of rows, then 1001',
  'UserObject.conversationDelta': '200 changes, and 10 MB of rows',
  'UserObject.conversationVersion': 'the ID of each conversation of the user',
  'UserObject.deleteConversations': '10,000 conversations',
  'UserObject.setExOfPeer': 'the conversations with one peer',
  'UserObject.seqViews': 'one entry for each conversation of the user',
  'UserObject.newestSeqs': 'one entry for each log of the user',
  'UserObject.onlinePlatforms': '100 connections',
  'UserObject.onlineConnections': '100 connections',
  'UserObject.addPresenceSubscriber': '100 connections',
  'UserObject.subscribePresence': '3,000 users of each connection',
  'UserObject.presenceChanged': '100 connections',
  'UserObject.pullRanges': '4 MiB of messages, and 1,000 messages or 10,000 notifications of a log',
  'UserObject.conversationHomes': 'one entry for each chat of the user',
  'UserObject.conversationIDsHaving': 'the ID of each conversation of the user',
  'UserObject.conversationPeers': 'the ID of each peer of the user',
  'UserObject.recentPeers': 'the limit in the call',
  'UserObject.lastMessages': '4 MiB of messages',
  'ConversationObject.append': 'the messages of one batch, at most one request each',
  'ConversationObject.appendWithRelation': 'the greeting messages of one new friend',
  'ConversationObject.changeGroup': '1,000 members',
  'ConversationObject.readRanges': 'the limits in the call',
  'ConversationObject.readSeqs': 'the limits in the call',
  'ConversationObject.markRead': '10,000 seqs',
  'ConversationObject.readers': '1,000 members',
  'ConversationObject.hide': '10,000 seqs',
  'ConversationObject.erase': '10,000 seqs',
  'ConversationObject.eraseBefore': 'the limit in the call',
  'ConversationObject.search': '2,000 messages or 4 MiB of them',
  'ConversationObject.countMessages': 'the limit in the call',
  'RelayObject.forward': '1,000 members',
  'ConversationObject.stored': '4 MiB of messages, then 1001',
}

/** The methods of objects that take and answer single values, or at most one message. */
export const SINGLE_VALUE_METHODS: ReadonlySet<string> = new Set([
  ...['openCallSession', 'openSession', 'sessionState', 'forceLogout', 'markUnread', 'setConversation'].map(ofUser),
  ...['setGlobalRecvMsgOpt', 'setAppBadge', 'claimOfflinePush', 'memberSettings', 'logView', 'raiseReadSeq'].map(
    ofUser,
  ),
  ...['raiseMinSeq', 'setMaxSeq', 'recordRestSend', 'wasRestSendStored'].map(ofUser),
  ...['openCallSession', 'readLast', 'revoke', 'clear', 'hasMessage', 'maxSeq', 'firstSentAfter'].map(ofConversation),
  ...['RelayObject.openCallSession', 'RelayObject.memberConnected'],
  ...['setMember', 'relationsChanging', 'relationsChanged', 'state'].map(ofConversation),
])

function ofUser(method: string): string {
  return `UserObject.${method}`
}

function ofConversation(method: string): string {
  return `ConversationObject.${method}`
}
