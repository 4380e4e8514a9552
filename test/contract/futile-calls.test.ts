import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, bindings, post, userToken } from '../rigs/rig.ts'
import { fieldsOf, held, type Path, withField } from './fields.ts'
import { QUERIES, SAMPLES } from './samples.ts'
import { GROUP_ID, ok, seedWorld, textMsg, type World } from './world.ts'

/*
 * A call that cannot have an effect is refused with a sentence. Otherwise the caller takes the success for the effect.
 */

let world: World
const tokens = new Map<string, string>()

beforeAll(async () => {
  world = await seedWorld()
  for (const userID of ['alice', 'bob', 'heidi']) tokens.set(userID, await userToken(userID))
  tokens.set('app', await adminToken())
})

const call = (path: string, body: unknown, as = 'app') => post(path, body, tokens.get(as))

/** The lists that may be empty, each with the meaning of an empty list. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  '/user/account_check checkUserIDs': 'an empty answer',
  '/user/get_users_info userIDs': 'an empty answer',
  '/user/get_users_online_status userIDs': 'an empty answer',
  '/user/get_users_online_token_detail userIDs': 'an empty answer',
  '/friend/get_designated_friends friendUserIDs': 'an empty answer',
  '/friend/get_specified_blacks userIDList': 'an empty answer',
  '/group/get_incremental_group_members_batch reqList': 'an empty answer',
  '/conversation/get_conversations conversationIDs': 'an empty answer',
  '/msg/pull_msg_by_seq seqRanges': 'an empty answer',
  '/object/auth_sign partNumbers': 'an empty answer',
  '/group/get_recv_group_applicationList groupIDs': 'all groups',
  '/group/get_recv_group_applicationList handleResults': 'all results',
  '/group/get_user_req_group_applicationList groupIDs': 'all groups',
  '/group/get_user_req_group_applicationList handleResults': 'all results',
  '/conversation/get_sorted_conversation_list conversationIDs': 'all conversations',
  '/msg/get_conversations_has_read_and_max_seq conversationIDs': 'all conversations',
  '/jssdk/get_conversations conversationIDs': 'all conversations',
  '/group/create_group memberUserIDs': 'a group with its owner and administrators',
  '/group/create_group adminUserIDs': 'a group without administrators',
  '/msg/mark_conversation_as_read seqs': 'the messages up to hasReadSeq',
}

let groups = 0

/** Gives every created group an ID of its own, because a test creates several. */
function withFreshGroup(path: string, body: unknown): unknown {
  return path === '/group/create_group' ? withField(body, ['groupInfo', 'groupID'], `fresh${groups++}`) : body
}

/** The lists of a request, and the map `configs`. */
function listsOf(body: unknown): Path[] {
  return fieldsOf(body).filter((field) => Array.isArray(held(body, field)) || field.at(-1) === 'configs')
}

const set = (conversation: object) => ({
  userIDs: ['heidi'],
  conversation: { isPinned: true, userID: '', groupID: '', ...conversation },
})

/** Calls of a user about themselves or about others' data, with the code and the sentence of the refusal. */
const FUTILE: [string, string, () => object | Promise<object>, number, RegExp][] = [
  ['/friend/add_black', 'heidi', () => ({ ownerUserID: 'heidi', blackUserID: 'heidi' }), 1001, /cannot block itself/],
  ['/friend/add_black', 'app', () => ({ ownerUserID: 'heidi', blackUserID: 'heidi' }), 1001, /cannot block itself/],
  ['/friend/add_friend', 'heidi', () => ({ fromUserID: 'heidi', toUserID: 'heidi' }), 1301, /cannot add itself/],
  ['/friend/import_friend', 'app', () => ({ ownerUserID: 'heidi', friendUserIDs: ['heidi'] }), 1301, /its own friend/],
  ['/friend/delete_friend', 'heidi', () => ({ ownerUserID: 'heidi', friendUserID: 'heidi' }), 1001, /its own friend/],
  [
    '/friend/set_friend_remark',
    'heidi',
    () => ({ ownerUserID: 'heidi', friendUserID: 'heidi', remark: 'me' }),
    1004,
    /is not a friend/,
  ],
  [
    '/friend/add_friend_response',
    'heidi',
    () => ({ fromUserID: 'heidi', toUserID: 'heidi', handleResult: 1 }),
    1004,
    /has not asked/,
  ],
  ['/group/invite_user_to_group', 'bob', () => ({ groupID: GROUP_ID, invitedUserIDs: ['bob'] }), 1001, /is a member/],
  [
    '/group/kick_group',
    'alice',
    () => ({ groupID: GROUP_ID, kickedUserIDs: ['alice'] }),
    1001,
    /cannot kick themselves/,
  ],
  [
    '/group/join_group',
    'bob',
    () => ({ groupID: GROUP_ID, joinSource: 3, inviterUserID: 'bob' }),
    1001,
    /is a member of group/,
  ],
  [
    '/group/create_group',
    'heidi',
    () => ({
      ...{ ownerUserID: 'heidi', memberUserIDs: ['heidi'], adminUserIDs: [] },
      groupInfo: { groupName: 'x', groupType: 2 },
    }),
    1001,
    /named twice/,
  ],
  [
    '/group/transfer_group',
    'app',
    () => ({ groupID: GROUP_ID, oldOwnerUserID: 'alice', newOwnerUserID: 'alice' }),
    1001,
    /are the same/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'si_alice_bob', conversationType: 1, userID: 'bob' }),
    1001,
    /si_alice_bob is not the conversation of heidi and bob/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'n_bob_heidi', conversationType: 1, userID: 'bob' }),
    1001,
    /is not the conversation of heidi and bob/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'nonsense', conversationType: 3, groupID: GROUP_ID }),
    1001,
    /nonsense is not the conversation of heidi and group 700/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'sn_bob_news', conversationType: 4, userID: 'news' }),
    1001,
    /is not the conversation of heidi and news/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'sn_heidi_news', conversationType: 4 }),
    1001,
    /needs a userID/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'g_700', conversationType: 2, groupID: GROUP_ID }),
    1001,
    /conversationType is 1/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: `sg_${GROUP_ID}`, conversationType: 3, groupID: GROUP_ID }),
    1002,
    /heidi is not a member of group 700/,
  ],
  [
    '/conversation/set_conversations',
    'heidi',
    () => set({ conversationID: 'si_heidi_nobody', conversationType: 1, userID: 'nobody' }),
    1004,
    /no user is registered as "nobody"/,
  ],
  [
    '/conversation/set_conversations',
    'app',
    () => ({
      ...set({ conversationID: 'si_heidi_nobody', conversationType: 1, userID: 'heidi' }),
      ...{ userIDs: ['nobody'] },
    }),
    1004,
    /no user is registered as "nobody"/,
  ],
  [
    '/msg/revoke_msg',
    'app',
    async () => ({ userID: 'imAdmin', conversationID: `sg_${GROUP_ID}`, seq: await noticeSeq() }),
    1001,
    /is a notification of the service/,
  ],
  [
    '/msg/revoke_msg',
    'alice',
    async () => ({ userID: 'alice', conversationID: `sg_${GROUP_ID}`, seq: await noticeSeq() }),
    1001,
    /is a notification of the service/,
  ],
]

/** The seq of the notice "group created" in the chat of the group. */
async function noticeSeq(): Promise<number> {
  const conversationID = `sg_${GROUP_ID}`
  const seqRanges = [{ conversationID, begin: 1, end: 100, num: 100 }]
  const { msgs } = await ok('/msg/pull_msg_by_seq', { userID: 'alice', seqRanges, order: 0 })
  const notice = msgs[conversationID].Msgs.find((msg: { contentType: number }) => msg.contentType === 1501)
  return notice.seq
}

/** Everything that the refused calls could have changed. */
async function stateOf(userID: string): Promise<unknown> {
  const tables = ['friend', 'friend_request', 'black', 'chat_group', 'group_member', 'group_request']
  const rows = await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`SELECT * FROM ${table}`)))
  return [rows.map(({ results }) => results), await ok('/conversation/get_all_conversations', { ownerUserID: userID })]
}

describe('a call that can have no effect', () => {
  it.each(FUTILE)('is refused by %s for %s, and changes nothing', async (path, as, body, code, sentence) => {
    const request = await body()
    const before = await stateOf('heidi')
    const reply = await call(path, request, as)
    expect(reply).toMatchObject({ errCode: code, errDlt: expect.stringMatching(sentence) })
    expect(await stateOf('heidi')).toEqual(before)
  })

  it('is not confused with the chat of a user with themselves, or with a group that the user left', async () => {
    const self = set({ conversationID: 'si_heidi_heidi', conversationType: 1, userID: 'heidi' })
    expect((await call('/conversation/set_conversations', self, 'heidi')).errCode).toBe(0)
    const groupInfo = { groupID: 'left', groupName: 'left', groupType: 2 }
    await ok('/group/create_group', { ownerUserID: 'alice', memberUserIDs: ['heidi'], adminUserIDs: [], groupInfo })
    await expect
      .poll(
        async () => (await ok('/conversation/get_all_conversations', { ownerUserID: 'heidi' })).conversations.length,
      )
      .toBe(2)
    await ok('/group/quit_group', { groupID: 'left', userID: 'heidi' })
    const left = set({ conversationID: 'sg_left', conversationType: 3, groupID: 'left' })
    expect((await call('/conversation/set_conversations', left, 'heidi')).errCode).toBe(0)
  })
})

describe('an empty list', () => {
  it.each(Object.keys(SAMPLES))('is refused by %s, unless it has a meaning', async (path) => {
    const sample = await SAMPLES[path]?.(world)
    const query = new URLSearchParams(QUERIES[path]).toString()
    const address = query ? `${path}?${query}` : path
    for (const field of listsOf(sample)) {
      const name = `${path} ${field.join('.')}`
      const empty = field.at(-1) === 'configs' && !Array.isArray(held(sample, field)) ? {} : []
      const reply = await call(address, withFreshGroup(path, withField(sample, field, empty)))
      expect([name, reply.errCode, reply.errDlt]).toEqual([
        name,
        name in MAY_BE_EMPTY ? 0 : 1001,
        name in MAY_BE_EMPTY ? '' : expect.stringMatching(/\w+ \w+/),
      ])
    }
    // The samples build on each other.
    if (path !== '/auth/force_logout') await call(address, sample)
  })

  it.each([
    ['to users', { sessionType: 1 }],
    ['to a group', { sessionType: 3, groupID: GROUP_ID }],
    [
      'from a notification account',
      { sessionType: 4, contentType: 1400, content: { notificationName: 'N', notificationType: 1, text: 'T' } },
    ],
  ])('is refused by /msg/batch_send_msg as the receivers %s', async (_to, fields) => {
    const reply = await call('/msg/batch_send_msg', { ...textMsg({ sendID: 'alice', recvIDs: [] }), ...fields })
    expect(reply).toMatchObject({ errCode: 1001, errDlt: 'recvIDs: name at least one user, or set isSendAll' })
  })

  it('is refused by /msg/batch_send_msg as the receivers in a group, also with isSendAll', async () => {
    const toGroup = textMsg({ sendID: 'alice', recvIDs: [], isSendAll: true, sessionType: 3, groupID: GROUP_ID })
    expect(await call('/msg/batch_send_msg', toGroup)).toMatchObject({
      errCode: 1001,
      errDlt: 'isSendAll: it sends to users, not to a group; use /msg/send_msg',
    })
  })
})
