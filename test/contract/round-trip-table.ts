import { OfflinePushInfo } from '../../src/protocol/proto/index.ts'
import { type ReplyBody, request, textMessage } from '../rigs/rig.ts'
import { CHAT, GROUP, type Stage, textOf, toBob } from './round-trip-stage.ts'
import { initiateUpload } from './world.ts'

/** The texts of one call by their fields. */
export type Texts = Readonly<Record<string, string>>

/** A call that stores texts, and every way to read these texts. */
export interface StoringCall {
  /** The free texts, by their last name in the request. */
  fields: readonly string[]
  /** The fields that need another value in each run: a number is added at their end. */
  unique?: readonly string[]
  /** The fields in which a blank text has another meaning: it removes the stored text. */
  notBlank?: readonly string[]
  store(stage: Stage, texts: Texts): Promise<ReplyBody>
  /** Each reader returns an object with the fields that it shows, at any depth; a different name follows a colon. */
  readers: readonly Reader[]
}

interface Reader {
  name: string
  /** The fields that it shows, as `field` or `field:name in the answer`. */
  shows: readonly string[]
  read(stage: Stage, texts: Texts): unknown
}

const page = { pagination: { pageNumber: 1, showNumber: 1_000 } }

const rest = (
  path: string,
  body: object,
  shows: readonly string[],
  from: (data: ReplyBody['data']) => unknown,
): Reader => ({
  ...{ name: path, shows },
  read: async (stage) => from(await stage.ok(path, body)),
})
const hook = (name: string, shows: readonly string[]): Reader => ({ name, shows, read: (stage) => stage.hooked(name) })
const push = (to: 'alice' | 'bob', contentType: number, shows: readonly string[]): Reader => ({
  ...{ name: `push ${contentType} to ${to}`, shows },
  read: (stage) => stage.notified(stage[to], contentType),
})

const PROFILE = ['nickname', 'faceURL', 'ex'] as const
const NAME_AND_FACE = ['nickname', 'faceURL'] as const

const ofUser = (userID: string) => (data: { [list: string]: unknown }) =>
  (Object.values(data).find(Array.isArray) as Record<string, unknown>[] | undefined)?.find(
    (entry) => (entry.friendUser as { userID?: string } | undefined)?.userID === userID || entry.userID === userID,
  )

const profileOfBob: readonly Reader[] = [
  rest('/user/get_users_info', { userIDs: ['bob'] }, PROFILE, ofUser('bob')),
  rest('/user/get_users', { ...page, userID: 'bob' }, PROFILE, ofUser('bob')),
  rest('/friend/get_friend_list', { userID: 'alice', ...page }, PROFILE, (data) => ofUser('bob')(data)?.friendUser),
  rest(
    '/friend/get_designated_friends',
    { ownerUserID: 'alice', friendUserIDs: ['bob'] },
    NAME_AND_FACE,
    (data) => data.friendsInfo[0].friendUser,
  ),
]

const friendOfAlice = (shows: readonly string[]): readonly Reader[] => [
  rest('/friend/get_friend_list', { userID: 'alice', ...page }, shows, ofUser('bob')),
  rest(
    '/friend/get_designated_friends',
    { ownerUserID: 'alice', friendUserIDs: ['bob'] },
    shows,
    (data) => data.friendsInfo[0],
  ),
  rest(
    '/friend/get_specified_friends_info',
    { ownerUserID: 'alice', userIDList: ['bob'] },
    shows,
    (data) => data.infos[0].friendInfo,
  ),
]

const GROUP_TEXTS = ['groupName', 'notification', 'introduction', 'faceURL', 'ex'] as const
const groupReaders = (id: (texts: Texts) => string): readonly Reader[] => [
  {
    name: 'get_groups_info',
    shows: GROUP_TEXTS,
    read: async (stage, texts) => (await stage.ok('/group/get_groups_info', { groupIDs: [id(texts)] })).groupInfos[0],
  },
  {
    ...{ name: 'get_joined_group_list', shows: GROUP_TEXTS },
    read: async (stage, texts) =>
      (await stage.ok('/group/get_joined_group_list', { fromUserID: 'bob', ...page })).groups.find(
        ({ groupID }: { groupID: string }) => groupID === id(texts),
      ),
  },
  {
    name: 'get_groups',
    shows: GROUP_TEXTS,
    read: async (stage, texts) =>
      (await stage.ok('/group/get_groups', { ...page, groupID: id(texts) })).groups[0].groupInfo,
  },
]

const memberReaders: readonly Reader[] = [
  rest('/group/get_group_members_info', { groupID: GROUP, userIDs: ['bob'] }, PROFILE, (data) => data.members[0]),
  rest('/group/get_group_member_list', { groupID: GROUP, ...page }, PROFILE, ofUser('bob')),
  push(
    'alice',
    1516,
    [...NAME_AND_FACE, 'ex'].map((field) => `${field}:changedUser.${field}`),
  ),
]

const conversationReaders = (shows: readonly string[]): readonly Reader[] => {
  const ofChat = ({ conversations }: { conversations: { conversationID: string }[] }) =>
    conversations.find(({ conversationID }) => conversationID === CHAT)
  return [
    rest(
      '/conversation/get_conversation',
      { ownerUserID: 'alice', conversationID: CHAT },
      shows,
      (data) => data.conversation,
    ),
    rest('/conversation/get_conversations', { ownerUserID: 'alice', conversationIDs: [CHAT] }, shows, ofChat),
    rest('/conversation/get_all_conversations', { ownerUserID: 'alice' }, shows, ofChat),
    rest('/conversation/get_owner_conversation', { userID: 'alice', ...page }, shows, ofChat),
  ]
}

const INFO = ['title', 'desc', 'iOSPushSound', 'signalInfo', 'pushEx'] as const
const nameInInfo = (name: string) => (name === 'pushEx' ? 'ex' : name)
const infoOf = (texts: Texts) => ({
  ...Object.fromEntries(INFO.map((name) => [nameInInfo(name), texts[name]])),
  iOSBadgeCount: false,
})
const INFO_SHOWN = INFO.map((name) => `${name}:offlinePushInfo.${nameInInfo(name)}`)
const NAMES = ['senderNickname', 'ex', 'senderFaceURL'] as const
const MESSAGE = ['clientMsgID', ...NAMES] as const

const MESSAGE_HOOKS = ['beforeSendSingleMsg', 'afterSendSingleMsg', 'afterMsgSaveDB'] as const

const newestPush = (stage: Stage) => stage.bob.received().findLast(({ conversationID }) => conversationID === CHAT)?.msg

async function restPull(stage: Stage) {
  const end = await stage.newest()
  const seqRanges = [{ conversationID: CHAT, begin: end, end, num: 1 }]
  return (await stage.ok('/msg/pull_msg_by_seq', { userID: 'alice', seqRanges, order: 0 })).msgs[CHAT].Msgs[0]
}

async function restSearch(stage: Stage) {
  const body = { sendID: 'alice', recvID: 'bob', pagination: { pageNumber: 1, showNumber: 1 } }
  return (await stage.ok('/msg/search_msg', body)).chatLogs[0].chatLog
}

async function sortedList(stage: Stage) {
  const body = { userID: 'bob', conversationIDs: [CHAT], ...page }
  return (await stage.ok('/conversation/get_sorted_conversation_list', body)).conversationElems[0].msgInfo
}

/** The readers of a text message from alice to bob. */
function messageReaders(fields: readonly string[]): readonly Reader[] {
  const shows = [...fields, 'text:element.content']
  const all = [...shows, ...INFO_SHOWN]
  const opened = <Shown extends { content: string | Uint8Array }>(shown: Shown | undefined) =>
    shown && {
      ...shown,
      element: JSON.parse(typeof shown.content === 'string' ? shown.content : textOf(shown.content)),
    }
  return [
    { name: 'push to bob (gob)', shows: all, read: (stage) => opened(newestPush(stage)) },
    { name: 'pull by bob', shows: all, read: async (stage) => opened(await stage.pulled()) },
    {
      ...{ name: '/msg/pull_msg_by_seq', shows: all },
      async read(stage) {
        const msg = await restPull(stage)
        return opened({ ...msg, content: Buffer.from(msg.content, 'base64') })
      },
    },
    { name: '/msg/search_msg', shows, read: async (stage) => opened(await restSearch(stage)) },
    {
      ...{ name: '/conversation/get_sorted_conversation_list', shows: ['text:element.content'] },
      read: async (stage) => opened(await sortedList(stage)),
    },
    ...MESSAGE_HOOKS.map((name) => ({
      ...{ name, shows: shows.map((show) => (show === 'senderFaceURL' ? 'senderFaceURL:faceURL' : show)) },
      read: (stage: Stage) => opened(stage.hooked(name) as { content: string } | undefined),
    })),
  ]
}

/** The content of the newest message, as bytes or text. */
const CONTENTS: Readonly<Record<string, (stage: Stage) => unknown>> = {
  'push to bob (gob)': (stage) => newestPush(stage)?.content,
  'pull by bob': async (stage) => (await stage.pulled())?.content,
  '/msg/pull_msg_by_seq': async (stage) => Buffer.from((await restPull(stage)).content, 'base64'),
  '/msg/search_msg': async (stage) => (await restSearch(stage)).content,
  '/conversation/get_sorted_conversation_list': async (stage) => (await sortedList(stage)).content,
  ...Object.fromEntries(
    MESSAGE_HOOKS.map((name) => [
      name,
      (stage: Stage) => (stage.hooked(name) as { content: string } | undefined)?.content,
    ]),
  ),
}

/** The readers of the content as it is, which need not be JSON. */
const contentReaders: readonly Reader[] = Object.entries(CONTENTS).map(([name, read]) => ({
  ...{ name, shows: ['content'] },
  async read(stage) {
    const content = await read(stage)
    return { content: content instanceof Uint8Array ? textOf(content) : content }
  },
}))

const command = { userID: 'alice', type: 3 }
const commandReaders: readonly Reader[] = ['get', 'get_all'].map((verb) => ({
  ...{ name: `process_user_command_${verb}`, shows: ['value', 'ex'] },
  read: async (stage, { uuid }) =>
    (await stage.ok(`/user/process_user_command_${verb}`, command)).CommandResp.find(
      (entry: { uuid: string }) => entry.uuid === uuid,
    ),
}))

/** Makes room for the call. The refusal when there is room already is of no interest. */
const clear = async (stage: Stage, path: string, body: object) => void (await stage.call(path, body))

const accountReader = (idOf: (stage: Stage) => string): Reader => ({
  ...{ name: 'search_notification_account', shows: ['nickName', 'faceURL'] },
  read: async (stage) =>
    (await stage.ok('/user/search_notification_account', { keyword: idOf(stage), ...page })).notificationAccounts[0],
})

const groupInfoHooks = (call: string) => ['before', 'after'].map((kind) => hook(`${kind}${call}`, GROUP_TEXTS))

const joinRequestReaders = (shows: readonly string[]): readonly Reader[] => [
  rest(
    '/group/get_recv_group_applicationList',
    { fromUserID: 'alice', ...page },
    shows,
    (data) => data.groupRequests[0],
  ),
  rest(
    '/group/get_user_req_group_applicationList',
    { userID: 'carol', ...page },
    shows,
    (data) => data.groupRequests[0],
  ),
  rest(
    '/group/get_group_users_req_application_list',
    { groupID: GROUP, userIDs: ['carol'] },
    shows,
    (data) => data.groupRequests[0],
  ),
]

const ANSWER_TO_BOB = encodeURIComponent(
  Buffer.from(JSON.stringify({ sendID: 'bob', recvID: 'alice', groupID: '' })).toString('base64'),
)

/** A character of three bytes, like a surrogate. */
const PLACEHOLDER = '\ufdd0'
const LONE = /\p{Surrogate}/gu

/** The bytes of a device whose encoder writes lone surrogates as three bytes, as it writes other characters. */
function withSurrogates(encode: (safe: (text: string) => string) => Uint8Array): Uint8Array {
  const bytes = Buffer.from(encode((text) => text.replace(LONE, PLACEHOLDER)))
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER)) bytes.set([0xed, 0xa0, 0x80], at)
  return bytes
}

const fitted = (safe: (text: string) => string, texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, safe(text)]))

const messageOf = (texts: Texts) => ({
  ...{ ...toBob, content: { content: texts.text }, offlinePushInfo: infoOf(texts) },
  ...Object.fromEntries(MESSAGE.flatMap((name) => (texts[name] === undefined ? [] : [[name, texts[name]]]))),
})

/** Every call that stores a free text. */
export const STORING_CALLS: Readonly<Record<string, StoringCall>> = {
  '/user/user_register': {
    fields: PROFILE,
    store: (stage, texts) => stage.call('/user/user_register', { users: [{ userID: stage.fresh('new'), ...texts }] }),
    readers: [
      {
        name: 'get_users_info',
        shows: PROFILE,
        read: async (stage) => (await stage.ok('/user/get_users_info', { userIDs: [stage.last('new')] })).usersInfo[0],
      },
      ...['beforeUserRegister', 'afterUserRegister'].map((name) =>
        hook(
          name,
          PROFILE.map((field) => `${field}:users.0.${field}`),
        ),
      ),
    ],
  },
  '/user/update_user_info': {
    fields: PROFILE,
    store: (stage, texts) => stage.call('/user/update_user_info', { userInfo: { userID: 'bob', ...texts } }),
    readers: [
      ...profileOfBob,
      ...['beforeUpdateUserInfo', 'afterUpdateUserInfo'].map((name) =>
        hook(name, ['nickname:nickName', 'faceURL', 'ex']),
      ),
    ],
  },
  '/user/update_user_info_ex': {
    fields: PROFILE,
    store: (stage, texts) => stage.call('/user/update_user_info_ex', { userInfo: { userID: 'bob', ...texts } }),
    readers: [
      ...profileOfBob,
      ...['beforeUpdateUserInfoEx', 'afterUpdateUserInfoEx'].map((name) =>
        hook(name, ['nickname:nickName', 'faceURL', 'ex']),
      ),
    ],
  },
  '/user/process_user_command_add': {
    fields: ['uuid', 'value', 'ex'],
    async store(stage, texts) {
      await clear(stage, '/user/process_user_command_delete', { ...command, uuid: texts.uuid })
      return stage.call('/user/process_user_command_add', { ...command, ...texts })
    },
    readers: commandReaders,
  },
  '/user/process_user_command_update': {
    fields: ['value', 'ex'],
    async store(stage, texts) {
      await clear(stage, '/user/process_user_command_add', { ...command, uuid: 'kept', value: 'before', ex: 'before' })
      return stage.call('/user/process_user_command_update', { ...command, uuid: 'kept', ...texts })
    },
    readers: commandReaders.map((reader) => ({ ...reader, read: (stage) => reader.read(stage, { uuid: 'kept' }) })),
  },
  '/user/set_user_client_config': {
    fields: ['key', 'value'],
    store: (stage, { key = '', value = '' }) =>
      stage.call('/user/set_user_client_config', {
        userID: 'alice',
        configs: Object.fromEntries([
          [key, value],
          ['other', 'o'],
        ]),
      }),
    readers: [
      {
        ...{ name: 'get_user_client_config', shows: ['key', 'value'] },
        read: async (stage, { key = '' }) => {
          const { configs } = await stage.ok('/user/get_user_client_config', { userID: 'alice' })
          return Object.hasOwn(configs, key) ? { key, value: configs[key] } : {}
        },
      },
      {
        ...{ name: 'page_user_client_config', shows: ['key', 'value'] },
        read: async (stage, { key = '' }) =>
          (await stage.ok('/user/page_user_client_config', { userID: 'alice', key, ...page })).configs[0],
      },
    ],
  },
  '/user/add_notification_account': {
    fields: ['nickName', 'faceURL'],
    store: (stage, texts) =>
      stage.call('/user/add_notification_account', { userID: stage.fresh('account'), appMangerLevel: 3, ...texts }),
    readers: [accountReader((stage) => stage.last('account'))],
  },
  '/user/update_notification_account': {
    fields: ['nickName', 'faceURL'],
    async store(stage, texts) {
      await clear(stage, '/user/add_notification_account', { userID: 'news', nickName: 'News', appMangerLevel: 3 })
      return stage.call('/user/update_notification_account', { userID: 'news', ...texts })
    },
    readers: [accountReader(() => 'news')],
  },

  '/friend/add_friend': {
    fields: ['reqMsg', 'ex'],
    async store(stage, texts) {
      await clear(stage, '/friend/delete_friend', { ownerUserID: 'carol', friendUserID: 'bob' })
      return stage.call('/friend/add_friend', { fromUserID: 'carol', toUserID: 'bob', ...texts })
    },
    readers: [
      rest(
        '/friend/get_friend_apply_list',
        { userID: 'bob', ...page },
        ['reqMsg', 'ex'],
        (data) => data.FriendRequests[0],
      ),
      rest(
        '/friend/get_self_friend_apply_list',
        { userID: 'carol', ...page },
        ['reqMsg', 'ex'],
        (data) => data.friendRequests[0],
      ),
      rest(
        '/friend/get_designated_friend_apply',
        { fromUserID: 'carol', toUserID: 'bob' },
        ['reqMsg', 'ex'],
        (data) => data.friendRequests[0],
      ),
      ...['beforeAddFriend', 'afterAddFriend'].map((name) =>
        hook(name, ['reqMsg', ...(name === 'beforeAddFriend' ? ['ex'] : [])]),
      ),
    ],
  },
  '/friend/add_friend_response': {
    fields: ['handleMsg'],
    async store(stage, texts) {
      await clear(stage, '/friend/add_friend', { fromUserID: 'carol', toUserID: 'bob', reqMsg: 'hello' })
      return stage.call('/friend/add_friend_response', {
        fromUserID: 'carol',
        toUserID: 'bob',
        handleResult: -1,
        ...texts,
      })
    },
    readers: [
      rest(
        '/friend/get_friend_apply_list',
        { userID: 'bob', ...page },
        ['handleMsg'],
        (data) => data.FriendRequests[0],
      ),
      push('bob', 1202, ['handleMsg']),
    ],
  },
  '/friend/set_friend_remark': {
    fields: ['remark'],
    store: (stage, texts) =>
      stage.call('/friend/set_friend_remark', { ownerUserID: 'alice', friendUserID: 'bob', ...texts }),
    readers: [
      ...friendOfAlice(['remark']),
      hook('beforeSetFriendRemark', ['remark']),
      hook('afterSetFriendRemark', ['remark']),
    ],
  },
  '/friend/update_friends': {
    fields: ['remark', 'ex'],
    store: (stage, texts) =>
      stage.call('/friend/update_friends', { ownerUserID: 'alice', friendUserIDs: ['bob'], ...texts }),
    readers: friendOfAlice(['remark', 'ex']),
  },
  '/friend/add_black': {
    fields: ['ex'],
    async store(stage, texts) {
      await clear(stage, '/friend/remove_black', { ownerUserID: 'bob', blackUserID: 'carol' })
      return stage.call('/friend/add_black', { ownerUserID: 'bob', blackUserID: 'carol', ...texts })
    },
    readers: [
      rest('/friend/get_black_list', { userID: 'bob', ...page }, ['ex:blacks.0.ex'], (data) => data),
      rest(
        '/friend/get_specified_blacks',
        { ownerUserID: 'bob', userIDList: ['carol'] },
        ['ex:blacks.0.ex'],
        (data) => data,
      ),
    ],
  },

  '/group/create_group': {
    fields: ['groupID', ...GROUP_TEXTS],
    unique: ['groupID'],
    store: (stage, texts) =>
      stage.call('/group/create_group', {
        ...{ ownerUserID: 'alice', memberUserIDs: ['bob'], adminUserIDs: [] },
        groupInfo: { groupType: 2, ...texts },
      }),
    readers: [
      ...groupReaders(({ groupID = '' }) => groupID),
      push(
        'bob',
        1501,
        GROUP_TEXTS.map((field) => `${field}:group.${field}`),
      ),
      hook('beforeCreateGroup', GROUP_TEXTS),
      hook('afterCreateGroup', GROUP_TEXTS),
    ],
  },
  '/group/set_group_info': {
    fields: GROUP_TEXTS,
    notBlank: ['notification'],
    store: (stage, texts) => stage.call('/group/set_group_info', { groupInfoForSet: { groupID: GROUP, ...texts } }),
    readers: [...groupReaders(() => GROUP), ...groupInfoHooks('SetGroupInfo')],
  },
  '/group/set_group_info_ex': {
    fields: GROUP_TEXTS,
    notBlank: ['notification'],
    store: (stage, texts) => stage.call('/group/set_group_info_ex', { groupID: GROUP, ...texts }),
    readers: [
      ...groupReaders(() => GROUP),
      push(
        'bob',
        1502,
        GROUP_TEXTS.map((field) => `${field}:group.${field}`),
      ),
      push('bob', 1519, ['notification:group.notification']),
      push('bob', 1520, ['groupName:group.groupName']),
      ...groupInfoHooks('SetGroupInfoEx'),
    ],
  },
  '/group/join_group': {
    fields: ['reqMessage', 'ex'],
    async store(stage, texts) {
      await clear(stage, '/group/group_application_response', { groupID: GROUP, fromUserID: 'carol', handleResult: -1 })
      return stage.call('/group/join_group', { groupID: GROUP, joinSource: 3, inviterUserID: 'carol', ...texts })
    },
    readers: [
      ...joinRequestReaders(['reqMessage:reqMsg', 'ex']),
      push('alice', 1503, ['reqMessage:reqMsg']),
      hook('beforeApplyJoinGroup', ['reqMessage', 'ex']),
    ],
  },
  '/group/group_application_response': {
    fields: ['handledMsg'],
    async store(stage, texts) {
      await clear(stage, '/group/join_group', { groupID: GROUP, joinSource: 3, inviterUserID: 'carol' })
      const body = { groupID: GROUP, fromUserID: 'carol', handleResult: -1, ...texts }
      return stage.call('/group/group_application_response', body)
    },
    readers: [...joinRequestReaders(['handledMsg:handleMsg']), push('alice', 1506, ['handledMsg:handleMsg'])],
  },
  '/group/invite_user_to_group': {
    fields: ['reason'],
    store: (stage, texts) =>
      // A member's invitation becomes a request with the reason.
      stage.call(
        '/group/invite_user_to_group',
        { groupID: GROUP, invitedUserIDs: ['carol'], ...texts },
        stage.bobToken,
      ),
    readers: [...joinRequestReaders(['reason:reqMsg']), hook('beforeInviteUserToGroup', ['reason'])],
  },
  '/group/kick_group': {
    fields: ['reason'],
    async store(stage, texts) {
      await clear(stage, '/group/invite_user_to_group', { groupID: GROUP, invitedUserIDs: ['carol'] })
      return stage.call('/group/kick_group', { groupID: GROUP, kickedUserIDs: ['carol'], ...texts })
    },
    readers: [hook('afterKickGroupMember', ['reason'])],
  },
  '/group/set_group_member_info': {
    fields: PROFILE,
    store: (stage, texts) =>
      stage.call('/group/set_group_member_info', { members: [{ groupID: GROUP, userID: 'bob', ...texts }] }),
    readers: [
      ...memberReaders,
      ...['before', 'after'].map((kind) => hook(`${kind}SetGroupMemberInfo`, ['nickname:nickName', 'faceURL', 'ex'])),
    ],
  },

  '/conversation/set_conversations': {
    fields: ['attachedInfo', 'ex'],
    store: (stage, texts) =>
      stage.call('/conversation/set_conversations', {
        userIDs: ['alice'],
        conversation: { conversationID: CHAT, conversationType: 1, userID: 'bob', ...texts },
      }),
    readers: conversationReaders(['attachedInfo', 'ex']),
  },
  '/conversation/update_conversations_by_user': {
    fields: ['ex'],
    store: (stage, texts) => stage.call('/conversation/update_conversations_by_user', { userID: 'bob', ...texts }),
    readers: conversationReaders(['ex']),
  },

  '/msg/send_msg': {
    fields: ['text', ...MESSAGE, ...INFO],
    unique: ['clientMsgID'],
    store: (stage, texts) => stage.call('/msg/send_msg', messageOf(texts)),
    readers: messageReaders([...MESSAGE]),
  },
  '/msg/batch_send_msg': {
    // Each receiver's message gets an ID of its own, which is derived from the call's.
    fields: ['text', ...NAMES, ...INFO],
    store: (stage, texts) =>
      stage.call('/msg/batch_send_msg', { ...messageOf(texts), recvID: undefined, recvIDs: ['bob'] }),
    readers: messageReaders(NAMES),
  },
  '/manager/send_msg': {
    fields: ['text', 'senderNickname', 'senderFaceURL', ...INFO],
    store: (stage, texts) => stage.call('/manager/send_msg', { ...messageOf(texts), operationID: 'op' }),
    readers: messageReaders(['senderNickname', 'senderFaceURL']),
  },
  '/msg/send_simple_msg': {
    fields: ['text', 'ex', ...INFO],
    store: (stage, texts) =>
      stage.call(`/msg/send_simple_msg?key=${ANSWER_TO_BOB}`, {
        content: texts.text,
        ex: texts.ex,
        offlinePushInfo: infoOf(texts),
      }),
    readers: messageReaders(['ex']),
  },
  '/msg/send_business_notification': {
    fields: ['key', 'data'],
    store: (stage, texts) =>
      stage.call('/msg/send_business_notification', {
        ...{ sendUserID: 'alice', recvUserID: 'bob', reliabilityLevel: 2, ...texts },
      }),
    readers: [push('bob', 2001, ['key', 'data'])],
  },
  'socket SendMsg': {
    fields: ['text', ...MESSAGE, ...INFO],
    unique: ['clientMsgID'],
    store(stage, texts) {
      const { text = '', clientMsgID = '', senderNickname = '', senderFaceURL = '', ex = '' } = texts
      return stage.send(
        withSurrogates((safe) => {
          const given = { senderNickname: safe(senderNickname), senderFaceURL: safe(senderFaceURL), ex: safe(ex) }
          const offlinePushInfo = OfflinePushInfo.fromPartial(infoOf(fitted(safe, texts)))
          return textMessage('alice', 'bob', safe(clientMsgID), safe(text), { ...given, offlinePushInfo })
        }),
      )
    },
    readers: messageReaders([...MESSAGE]),
  },

  'socket SendMsg with a content of any form': {
    fields: ['content'],
    store(stage, { content = '' }) {
      const clientMsgID = stage.fresh('any')
      const bytesOf = (text: string) => new TextEncoder().encode(text)
      return stage.send(
        withSurrogates((safe) =>
          textMessage('alice', 'bob', clientMsgID, '', { contentType: 110, content: bytesOf(safe(content)) }),
        ),
      )
    },
    readers: contentReaders,
  },

  '/object/initiate_multipart_upload': {
    fields: ['name'],
    unique: ['name'],
    async store(stage, { name = '' }) {
      // The content is known, so the call names it.
      return stage.call('/object/initiate_multipart_upload', { ...(await initiateUpload(name)), cause: 'test' })
    },
    readers: [
      {
        ...{ name: 'the name of the download', shows: ['name'] },
        async read(_stage, { name = '' }) {
          const { status } = await request(`/object/${name.split('/').map(encodeURIComponent).join('/')}`)
          return { name: status === 200 ? name : `HTTP status ${status}` }
        },
      },
    ],
  },

  '/third/logs/upload': {
    fields: ['appFramework', 'version', 'ex', 'filename', 'URL'],
    unique: ['filename'],
    store: (stage, { filename, URL, ...texts }) =>
      stage.call('/third/logs/upload', { platform: 2, ...texts, fileURLs: [{ filename, URL }] }),
    readers: [
      {
        ...{ name: 'logs/search', shows: ['version', 'ex', 'filename', 'URL:url'] },
        async read(stage, { filename }) {
          const body = { keyword: '', startTime: 0, endTime: 0, pagination: { pageNumber: 1, showNumber: 100 } }
          const { logsInfos } = await stage.ok('/third/logs/search', body)
          return logsInfos.find((log: { filename: string }) => log.filename === filename)
        },
      },
    ],
  },
}

const ONE_JSON_TEXT = 'a content of any kind is stored as one JSON text; the table writes one with its `text`'

/** Free texts that no reader of `STORING_CALLS` shows, each with the reason. `*` stands for all fields of the call. */
export const OTHER_TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/auth/get_admin_token': { secret: 'compared, not stored' },
  '/auth/parse_token': { token: 'checked, not stored' },
  '/user/get_users': { nickName: 'a search word' },
  '/user/process_user_command_update': { uuid: 'names a stored command' },
  '/user/process_user_command_delete': { uuid: 'names a stored command' },
  '/user/set_user_client_config': { 'configs.*': 'the table has its keys and values' },
  '/user/del_user_client_config': { 'keys.*': 'names a stored setting' },
  '/user/page_user_client_config': { key: 'names a stored setting' },
  '/user/search_notification_account': { keyword: 'a search word' },
  '/group/get_groups': { groupName: 'a search word' },
  '/group/get_group_member_list': { keyword: 'a search word' },
  '/msg/send_msg': { 'content.*': ONE_JSON_TEXT },
  '/msg/batch_send_msg': { 'content.*': ONE_JSON_TEXT },
  '/manager/send_msg': { 'content.*': ONE_JSON_TEXT },
  '/msg/send_simple_msg': { content: 'the table has it as text', key: 'names the answered message' },
  '/msg/search_msg': { '*': 'search words' },
  '/object/initiate_multipart_upload': {
    cause: 'stored for operators, and no call returns it',
    contentType: 'becomes a media type; test/features/file/download-file.test.ts has its rules',
  },
  '/object/complete_multipart_upload': { '*': 'stored as by initiate_multipart_upload' },
  '/object/access_url': { '*': 'names a stored file and its form' },
  '/object/initiate_form_data': { '*': 'stored by complete_form_data as by initiate_multipart_upload' },
  '/object/complete_form_data': { id: 'the answer of initiate_form_data' },
  '/third/fcm_update_token': { '*': 'no call returns it; providers get it' },
  '/third/update_push_token': { '*': 'no call returns it; providers get it' },
  '/third/delete_push_token': { '*': 'names a stored token' },
  '/third/logs/search': { keyword: 'a search word' },
  '/statistics/user/active': { continuation: 'an earlier answer' },
  '/statistics/group/active': { continuation: 'an earlier answer' },
  '/config/get_config': { configName: 'names a file' },
  '/config/set_config': { configName: 'names a file', data: 'settings as JSON; each setting has a form of its own' },
  '/config/set_configs': { '*': 'as set_config' },
  '/config/reset_config': { configName: 'names a file' },
  '/account/code/send': { email: 'has the form of an address', invitationCode: 'ignored' },
  '/account/code/verify': { email: 'has the form of an address', verifyCode: 'compared, not stored' },
  '/webhook/get_deliveries': { webhook: 'names a webhook' },
  '/webhook/get_dead_letters': { webhook: 'names a webhook' },
}
