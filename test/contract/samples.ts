import { until } from '../rigs/rig.ts'
import { formOf, GROUP_ID, initiateUpload, mention, ok, textMsg, type World } from './world.ts'

/** Builds a request that an administrator may make in the seeded world, at the moment when the call is tested. */
type Sample = (world: World) => object | Promise<object>

const pagination = { pageNumber: 1, showNumber: 20 }
const since = { versionID: '', version: 0 }
const chat = 'si_alice_bob'
const ownChat = 'si_alice_imAdmin'
const day = { start: 1, end: Date.now() + 86_400_000 }
const command = { userID: 'alice', type: 3, uuid: 'one' }
const member = { groupID: GROUP_ID, userID: 'bob' }

const invite = (...invitedUserIDs: string[]) => ok('/group/invite_user_to_group', { groupID: GROUP_ID, invitedUserIDs })

const makeGroup = (groupID: string) =>
  ok('/group/create_group', {
    ...{ ownerUserID: 'alice', memberUserIDs: ['bob'], adminUserIDs: [] },
    groupInfo: { groupID, groupName: `Group ${groupID}`, groupType: 2 },
  })

/** A sync request for members, of which one was added, one changed and one removed since the given version. */
async function changedMembers(): Promise<object> {
  await ok('/group/kick_group', { groupID: GROUP_ID, kickedUserIDs: ['grace'] }).catch(() => undefined)
  await invite('frank')
  const { versionID, version } = await ok('/group/get_full_group_member_user_ids', { groupID: GROUP_ID, idHash: 1 })
  await invite('grace')
  await ok('/group/set_group_member_info', { members: [{ ...member, nickname: `Bob ${version}` }] })
  await ok('/group/kick_group', { groupID: GROUP_ID, kickedUserIDs: ['frank'] })
  await ok('/group/set_group_info_ex', { groupID: GROUP_ID, introduction: `Us ${version}` })
  return { groupID: GROUP_ID, versionID, version }
}

/** The requests run in this order: a call that changes data comes after the calls that need the unchanged data. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  '/auth/get_admin_token': () => ({ secret: 'openIM123', userID: 'imAdmin' }),
  '/auth/get_user_token': () => ({ userID: 'bob', platformID: 2 }),
  '/auth/parse_token': ({ aliceToken }) => ({ token: aliceToken }),

  '/user/user_register': () => ({ users: [{ userID: 'erin', nickname: 'Erin' }] }),
  '/user/account_check': () => ({ checkUserIDs: ['alice', 'nobody'] }),
  '/user/get_users_info': () => ({ userIDs: ['alice', 'bob'] }),
  '/user/get_users': () => ({ pagination, userID: '', nickName: '' }),
  '/user/get_all_users_uid': () => ({ pagination }),
  '/user/update_user_info': () => ({ userInfo: { userID: 'alice', nickname: 'Alice' } }),
  '/user/update_user_info_ex': () => ({ userInfo: { userID: 'alice', ex: 'more' } }),
  '/user/set_global_msg_recv_opt': () => ({ userID: 'alice', globalRecvMsgOpt: 0 }),
  '/user/get_users_online_status': () => ({ userIDs: ['alice', 'bob'] }),
  '/user/get_users_online_token_detail': () => ({ userIDs: ['alice'] }),
  '/user/get_users_status': () => ({ userID: 'imAdmin', userIDs: ['alice', 'bob'] }),
  '/user/subscribe_users_status': () => ({ userID: 'imAdmin', userIDs: ['alice'], genre: 1 }),
  '/user/get_subscribe_users_status': () => ({ userID: 'imAdmin' }),
  '/user/process_user_command_add': () => ({ ...command, value: 'kept' }),
  '/user/process_user_command_update': () => ({ ...command, value: 'kept', ex: 'e' }),
  '/user/process_user_command_get': () => ({ userID: 'alice', type: 3 }),
  '/user/process_user_command_get_all': () => ({ userID: 'alice' }),
  '/user/process_user_command_delete': () => command,
  '/user/set_user_client_config': () => ({ userID: 'alice', configs: { theme: 'dark' } }),
  '/user/get_user_client_config': () => ({ userID: 'alice' }),
  '/user/page_user_client_config': () => ({ userID: 'alice', key: '', pagination }),
  '/user/del_user_client_config': () => ({ userID: 'alice', keys: ['theme'] }),
  '/user/add_notification_account': () => ({ userID: 'news', nickName: 'News', faceURL: '', appMangerLevel: 3 }),
  '/user/update_notification_account': () => ({ userID: 'news', nickName: 'The news', faceURL: '' }),
  '/user/search_notification_account': () => ({ keyword: '', pagination }),

  '/friend/get_friend_apply_list': () => ({ userID: 'alice', pagination }),
  '/friend/get_self_friend_apply_list': () => ({ userID: 'carol', pagination }),
  '/friend/get_designated_friend_apply': () => ({ fromUserID: 'carol', toUserID: 'alice' }),
  '/friend/get_self_unhandled_apply_count': () => ({ userID: 'alice', time: 0 }),
  '/friend/add_friend': () => ({ fromUserID: 'erin', toUserID: 'alice', reqMsg: 'hello' }),
  '/friend/add_friend_response': () => ({ fromUserID: 'erin', toUserID: 'alice', handleResult: 1 }),
  '/friend/import_friend': () => ({ ownerUserID: 'bob', friendUserIDs: ['carol'] }),
  '/friend/set_friend_remark': () => ({ ownerUserID: 'alice', friendUserID: 'bob', remark: 'Bobby' }),
  '/friend/update_friends': () => ({ ownerUserID: 'alice', friendUserIDs: ['bob'], isPinned: true }),
  '/friend/get_friend_list': () => ({ userID: 'alice', pagination }),
  '/friend/get_designated_friends': () => ({ ownerUserID: 'alice', friendUserIDs: ['bob'] }),
  '/friend/get_friend_id': () => ({ userID: 'alice' }),
  '/friend/get_specified_friends_info': () => ({ ownerUserID: 'alice', userIDList: ['bob', 'dave'] }),
  '/friend/is_friend': () => ({ userID1: 'alice', userID2: 'bob' }),
  '/friend/get_incremental_friends': async () => {
    await ok('/friend/import_friend', { ownerUserID: 'alice', friendUserIDs: ['frank'] })
    const { versionID, version } = await ok('/friend/get_full_friend_user_ids', { userID: 'alice', idHash: 1 })
    await ok('/friend/import_friend', { ownerUserID: 'alice', friendUserIDs: ['grace'] })
    await ok('/friend/set_friend_remark', { ownerUserID: 'alice', friendUserID: 'bob', remark: 'Bob again' })
    await ok('/friend/delete_friend', { ownerUserID: 'alice', friendUserID: 'frank' })
    return { userID: 'alice', versionID, version }
  },
  '/friend/get_full_friend_user_ids': () => ({ userID: 'alice', idHash: 1 }),
  '/friend/delete_friend': () => ({ ownerUserID: 'bob', friendUserID: 'carol' }),
  '/friend/add_black': () => ({ ownerUserID: 'bob', blackUserID: 'dave' }),
  '/friend/get_black_list': () => ({ userID: 'alice', pagination }),
  '/friend/get_specified_blacks': () => ({ ownerUserID: 'alice', userIDList: ['dave'] }),
  '/friend/get_incremental_blacks': async () => {
    await ok('/friend/add_black', { ownerUserID: 'alice', blackUserID: 'frank' })
    const { versionID, version } = await ok('/friend/get_incremental_blacks', { userID: 'alice', ...since })
    await ok('/friend/add_black', { ownerUserID: 'alice', blackUserID: 'grace' })
    await ok('/friend/remove_black', { ownerUserID: 'alice', blackUserID: 'frank' })
    return { userID: 'alice', versionID, version }
  },
  '/friend/remove_black': () => ({ ownerUserID: 'bob', blackUserID: 'dave' }),

  '/group/get_groups_info': () => ({ groupIDs: [GROUP_ID] }),
  '/group/get_groups': () => ({ pagination, groupName: '', groupID: '' }),
  '/group/get_joined_group_list': () => ({ fromUserID: 'alice', pagination }),
  '/group/get_group_abstract_info': () => ({ groupIDs: [GROUP_ID] }),
  '/group/get_group_members_info': () => ({ groupID: GROUP_ID, userIDs: ['alice', 'bob'] }),
  '/group/get_group_member_list': () => ({ groupID: GROUP_ID, filter: 0, keyword: '', pagination }),
  '/group/get_group_member_user_id': () => ({ groupID: GROUP_ID }),
  '/group/get_incremental_join_groups': async () => {
    await makeGroup('702')
    const { versionID, version } = await ok('/group/get_full_join_group_ids', { userID: 'bob', idHash: 1 })
    await makeGroup('703')
    await ok('/group/quit_group', { groupID: '702', userID: 'bob' })
    return { userID: 'bob', versionID, version }
  },
  '/group/get_full_join_group_ids': () => ({ userID: 'alice', idHash: 1 }),
  '/group/get_incremental_group_members': changedMembers,
  '/group/get_incremental_group_members_batch': async () => ({ userID: 'alice', reqList: [await changedMembers()] }),
  '/group/get_full_group_member_user_ids': () => ({ groupID: GROUP_ID, idHash: 1 }),
  '/group/set_group_info': () => ({ groupInfoForSet: { groupID: GROUP_ID, introduction: 'Who we are' } }),
  '/group/set_group_info_ex': () => ({ groupID: GROUP_ID, needVerification: 1 }),
  '/group/join_group': () => ({ groupID: GROUP_ID, reqMessage: 'hello', joinSource: 3, inviterUserID: 'carol' }),
  '/group/get_recv_group_applicationList': () => ({ fromUserID: 'alice', pagination, groupIDs: [], handleResults: [] }),
  '/group/get_user_req_group_applicationList': () => ({ userID: 'carol', pagination, groupIDs: [], handleResults: [] }),
  '/group/get_group_users_req_application_list': () => ({ groupID: GROUP_ID, userIDs: ['carol'] }),
  '/group/get_specified_user_group_request_info': () => ({ groupID: GROUP_ID, userID: 'carol' }),
  '/group/get_group_application_unhandled_count': () => ({ userID: 'alice', time: 0 }),
  '/group/group_application_response': () => ({
    ...{ groupID: GROUP_ID, fromUserID: 'carol', handledMsg: 'welcome', handleResult: 1 },
  }),
  '/group/invite_user_to_group': () => ({ groupID: GROUP_ID, invitedUserIDs: ['erin'], reason: 'new' }),
  '/group/set_group_member_info': () => ({ members: [{ ...member, nickname: 'Bobby' }] }),
  '/group/mute_group_member': () => ({ ...member, mutedSeconds: 60 }),
  '/group/cancel_mute_group_member': () => member,
  '/group/mute_group': () => ({ groupID: GROUP_ID }),
  '/group/cancel_mute_group': () => ({ groupID: GROUP_ID }),
  '/group/kick_group': () => ({ groupID: GROUP_ID, kickedUserIDs: ['erin'], reason: 'why not' }),
  '/group/quit_group': () => ({ groupID: GROUP_ID, userID: 'carol' }),
  '/group/transfer_group': () => ({ groupID: GROUP_ID, oldOwnerUserID: 'alice', newOwnerUserID: 'bob' }),
  '/group/create_group': () => ({
    ...{ ownerUserID: 'carol', memberUserIDs: ['bob'], adminUserIDs: ['alice'] },
    groupInfo: { groupID: '701', groupName: 'New', groupType: 2 },
  }),
  '/group/dismiss_group': () => ({ groupID: '701', deleteMember: false }),

  '/conversation/get_conversation': () => ({ conversationID: chat, ownerUserID: 'alice' }),
  '/conversation/get_conversations': () => ({ conversationIDs: [chat], ownerUserID: 'alice' }),
  '/conversation/get_all_conversations': () => ({ ownerUserID: 'alice' }),
  '/conversation/get_owner_conversation': () => ({ userID: 'alice', pagination }),
  '/conversation/get_sorted_conversation_list': () => ({ userID: 'alice', conversationIDs: [], pagination }),
  '/conversation/get_incremental_conversations': async () => {
    const full = () => ok('/conversation/get_full_conversation_ids', { userID: 'alice', idHash: 1 })
    const ids = async () => (await full()).conversationIDs
    const { versionID, version } = await full()
    await ok('/msg/send_msg', textMsg({ sendID: 'heidi', recvID: 'alice' }))
    await until(async () => (await ids()).includes('si_alice_heidi'))
    await ok('/conversation/update_conversations_by_user', { userID: 'bob', ex: 'new' })
    await ok('/conversation/delete_conversations', { ownerUserID: 'alice', conversationIDs: ['si_alice_imAdmin'] })
    return { userID: 'alice', versionID, version }
  },
  '/conversation/get_full_conversation_ids': () => ({ userID: 'alice', idHash: 1 }),
  '/conversation/set_conversations': () => ({
    userIDs: ['alice'],
    conversation: { conversationID: chat, conversationType: 1, userID: 'bob', recvMsgOpt: 2, isPinned: true },
  }),
  '/conversation/get_not_notify_conversation_ids': () => ({ userID: 'alice' }),
  '/conversation/get_pinned_conversation_ids': () => ({ userID: 'alice' }),
  '/conversation/update_conversations_by_user': () => ({ userID: 'bob', ex: 'e' }),

  '/msg/send_msg': () => textMsg({ sendID: 'alice', recvID: 'bob' }),
  '/msg/batch_send_msg': () => textMsg({ sendID: 'bob', recvIDs: ['alice'] }),
  '/msg/send_simple_msg': () => ({ content: '**yes**' }),
  '/msg/send_business_notification': () => ({ key: 'k', data: 'd', sendUserID: 'imAdmin', recvUserID: 'alice' }),
  '/msg/check_msg_is_send_success': () => ({}),
  '/msg/get_server_time': () => ({}),
  // This call stores a notification, which a later call pulls.
  '/msg/revoke_msg': async () => {
    const { maxSeqs } = await ok('/msg/newest_seq', { userID: 'alice' })
    return { userID: 'alice', conversationID: chat, seq: maxSeqs[chat] }
  },
  '/msg/newest_seq': () => ({ userID: 'alice' }),
  '/msg/pull_msg_by_seq': async () => {
    await mention()
    const { maxSeqs } = await ok('/msg/newest_seq', { userID: 'alice' })
    const seqRanges = Object.entries(maxSeqs).map(([conversationID, end]) => ({
      ...{ conversationID, begin: 1, end, num: 10 },
    }))
    return { userID: 'alice', seqRanges, order: 0 }
  },
  '/msg/get_conversations_has_read_and_max_seq': () => ({ userID: 'alice', conversationIDs: [], returnPinned: true }),
  '/msg/search_msg': () => ({ sendID: 'alice', recvID: '', pagination }),
  '/msg/mark_msgs_as_read': () => ({ userID: 'bob', conversationID: chat, seqs: [1] }),
  '/msg/mark_conversation_as_read': () => ({ userID: 'bob', conversationID: chat, hasReadSeq: 1, seqs: [] }),
  '/msg/set_conversation_has_read_seq': () => ({ userID: 'bob', conversationID: chat, hasReadSeq: 1 }),

  '/jssdk/get_active_conversations': async () => {
    await mention()
    return { ownerUserID: 'imAdmin', count: 10 }
  },
  '/jssdk/get_conversations': () => ({ ownerUserID: 'imAdmin', conversationIDs: [ownChat, `sg_${GROUP_ID}`] }),

  '/msg/delete_msgs': () => ({ userID: 'bob', conversationID: chat, seqs: [1] }),
  '/msg/delete_msg_phsical_by_seq': () => ({ conversationID: chat, seqs: [1] }),
  '/msg/delete_msg_physical': () => ({ conversationIDs: [chat], timestamp: 1 }),
  '/msg/clear_conversation_msg': () => ({ userID: 'bob', conversationIDs: [chat] }),
  '/msg/user_clear_all_msg': () => ({ userID: 'bob' }),
  '/conversation/delete_conversations': () => ({ ownerUserID: 'bob', conversationIDs: [chat] }),

  '/object/part_limit': () => ({}),
  '/object/part_size': () => ({ size: 10_000_000 }),
  '/object/initiate_multipart_upload': () => initiateUpload('imAdmin/second.txt'),
  '/object/auth_sign': ({ upload }) => ({ uploadID: upload.uploadID, partNumbers: [1] }),
  '/object/complete_multipart_upload': ({ upload }) => ({
    ...{ ...upload, name: 'imAdmin/first.txt', contentType: 'text/plain', cause: 'test' },
  }),
  '/object/access_url': () => ({ name: 'imAdmin/first.txt', query: {} }),
  '/object/initiate_form_data': () => formOf('imAdmin/other.txt'),
  '/object/complete_form_data': ({ form }) => form,

  '/third/fcm_update_token': () => ({ platformID: 2, fcmToken: 'token', account: 'alice', expireTime: 3600 }),
  '/third/set_app_badge': () => ({ userID: 'alice', appUnreadCount: 3 }),
  '/third/logs/upload': () => ({
    ...{ platform: 2, appFramework: 'native', version: '1', ex: '' },
    fileURLs: [{ filename: 'sdk.log', URL: 'https://x/sdk.log' }],
  }),
  '/third/logs/search': () => ({ keyword: '', startTime: 0, endTime: 0, pagination }),
  '/third/logs/delete': async () => {
    const { logsInfos } = await ok('/third/logs/search', { keyword: '', startTime: 0, endTime: 0, pagination })
    return { logIDs: logsInfos.map(({ logID }: { logID: string }) => logID) }
  },

  '/statistics/user/register': () => day,
  '/statistics/user/active': () => ({ ...day, ase: false, group: false, pagination }),
  '/statistics/group/create': () => day,
  '/statistics/group/active': () => ({ ...day, ase: false, pagination }),

  '/config/get_config_list': () => ({}),
  '/config/get_config': async () => {
    const { configNames } = await ok('/config/get_config_list', {})
    return { configName: configNames[0] }
  },
  '/config/set_config': async () => {
    const { configNames } = await ok('/config/get_config_list', {})
    return { configName: configNames[0], data: await ok('/config/get_config', { configName: configNames[0] }) }
  },
  '/config/get_enable_config_manager': () => ({}),
  '/config/set_enable_config_manager': () => ({ enable: true }),
  '/config/reset_config': () => ({}),
  '/restart': () => ({}),

  // This call ends sessions, so it runs last.
  '/auth/force_logout': () => ({ userID: 'bob', platformID: 2 }),
}

/** The query parameters of a call. */
export const QUERIES: Readonly<Record<string, Record<string, string>>> = {
  '/msg/send_simple_msg': { key: Buffer.from(JSON.stringify({ sendID: 'alice', recvID: 'bob' })).toString('base64') },
}
