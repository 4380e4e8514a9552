import { beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/http/endpoints.ts'
import { adminToken, bindings, post, register, until, user, userToken } from '../rigs/rig.ts'
import { agreesWithDocumentation } from './access-lines.ts'
import { emptyFor, enormousFor, fieldsOf, held, type Path, withField, wrongFor } from './fields.ts'

/*
 * The access rules of the account, message and conversation endpoints, as a table: every kind of caller calls every
 * endpoint with a request that has all fields. Then each field in turn gets a wrong value. A refused call must change
 * nothing.
 */

const tokens = new Map<string, string>()
const chat = 'si_alice_bob'
const page = { pagination: { pageNumber: 1, showNumber: 10 } }
let next = 0

beforeAll(async () => {
  await register('alice', 'bob', 'stranger')
  for (const userID of ['alice', 'stranger']) tokens.set(userID, await userToken(userID))
  tokens.set('app', await adminToken())
  await call('/user/add_notification_account', { userID: 'news', nickName: 'News', appMangerLevel: 3 }, 'app')
  await call(
    '/group/create_group',
    {
      ...{ ownerUserID: 'alice', memberUserIDs: ['bob'], groupInfo: { groupID: 'g', groupName: 'g', groupType: 2 } },
    },
    'app',
  )
  await newest()
  await until(async () => (await user('alice').conversations(null)).length > 0)
})

const call = (path: string, body: unknown, as: string) => post(path, body, tokens.get(as))

/** The callers: another user, alice, and the app server. */
const CALLERS = ['stranger', 'alice', 'app'] as const
/** The errCode that each caller gets, in the order of CALLERS. */
type Codes = readonly [number, number, number]

const ANYBODY: Codes = [0, 0, 0]
const ALICE: Codes = [1002, 0, 0]
const APP: Codes = [1002, 1002, 0]

const offlinePushInfo = { title: 't', desc: 'd', ex: 'e', iOSPushSound: 's', iOSBadgeCount: true, signalInfo: 'i' }
const toSend = {
  ...{ sendID: 'bob', groupID: 'g', senderNickname: 'B', senderFaceURL: 'f', senderPlatformID: 5 },
  ...{ content: { content: 'text' }, contentType: 101, sessionType: 1, isOnlineOnly: false, notOfflinePush: true },
  offlinePushInfo,
}
const sendsAt = { sendTime: 0, clientMsgID: '', ex: 'x' }
const deleteSyncOpt = { IsSyncSelf: true, IsSyncOther: false }
const command = { userID: 'alice', type: 3, uuid: 'kept' }
const profile = { userID: 'alice', nickname: 'Alice', faceURL: 'f', ex: 'x', globalRecvMsgOpt: 0 }

type Body = Record<string, unknown>
const CALLS: Record<string, [Codes, () => Body | Promise<Body>]> = {
  '/auth/get_user_token': [APP, () => ({ userID: 'bob', platformID: 2 })],
  '/auth/force_logout': [APP, () => ({ userID: 'bob', platformID: 2 })],

  '/user/user_register': [
    APP,
    () => ({
      users: [{ ...profile, userID: `new${next++}`, createTime: 1, appMangerLevel: 1 }],
    }),
  ],
  '/user/account_check': [APP, () => ({ checkUserIDs: ['alice'] })],
  '/user/get_users_info': [ANYBODY, () => ({ userIDs: ['alice'] })],
  '/user/get_users': [APP, () => ({ userID: 'a', nickName: 'a', ...page })],
  '/user/get_all_users_uid': [APP, () => page],
  '/user/update_user_info': [ALICE, () => ({ userInfo: { ...profile, createTime: 1, appMangerLevel: 1 } })],
  '/user/update_user_info_ex': [ALICE, () => ({ userInfo: profile })],
  '/user/set_global_msg_recv_opt': [ALICE, () => ({ userID: 'alice', globalRecvMsgOpt: 0 })],
  '/user/get_users_status': [ANYBODY, () => ({ userID: 'alice', userIDs: ['alice'] })],
  '/user/get_users_online_status': [APP, () => ({ userIDs: ['alice'] })],
  '/user/get_users_online_token_detail': [ANYBODY, () => ({ userIDs: ['alice'] })],
  '/user/subscribe_users_status': [ANYBODY, () => ({ userID: 'alice', userIDs: ['bob'], genre: 1 })],
  '/user/get_subscribe_users_status': [ANYBODY, () => ({ userID: 'alice' })],
  '/user/process_user_command_add': [ALICE, () => ({ ...command, value: 'v', ex: 'x' })],
  '/user/process_user_command_update': [ALICE, () => ({ ...command, value: 'w', ex: 'y' })],
  '/user/process_user_command_delete': [ALICE, keptCommand],
  '/user/process_user_command_get': [ALICE, () => ({ userID: 'alice', type: 3 })],
  '/user/process_user_command_get_all': [ALICE, () => ({ userID: 'alice' })],
  '/user/get_user_client_config': [ALICE, () => ({ userID: 'alice' })],
  '/user/set_user_client_config': [APP, () => ({ userID: 'alice', configs: { theme: 'dark' } })],
  '/user/del_user_client_config': [APP, () => ({ userID: 'alice', keys: ['other'] })],
  '/user/page_user_client_config': [APP, () => ({ userID: 'alice', key: 'theme', ...page })],
  '/user/add_notification_account': [
    APP,
    () => ({ userID: `account${next++}`, nickName: 'N', faceURL: 'f', appMangerLevel: 3 }),
  ],
  '/user/update_notification_account': [APP, () => ({ userID: 'news', nickName: 'N', faceURL: 'f' })],
  '/user/search_notification_account': [APP, () => ({ keyword: 'news', appManagerLevel: 3, ...page })],

  '/conversation/get_conversation': [ALICE, () => ({ ownerUserID: 'alice', conversationID: chat })],
  '/conversation/get_conversations': [ALICE, () => ({ ownerUserID: 'alice', conversationIDs: [chat] })],
  '/conversation/get_all_conversations': [ALICE, () => ({ ownerUserID: 'alice' })],
  '/conversation/get_owner_conversation': [ALICE, () => ({ userID: 'alice', ...page })],
  '/conversation/get_incremental_conversations': [ALICE, () => ({ userID: 'alice', versionID: '', version: 0 })],
  '/conversation/get_full_conversation_ids': [ALICE, () => ({ userID: 'alice', idHash: 0 })],
  '/conversation/get_not_notify_conversation_ids': [ALICE, () => ({ userID: 'alice' })],
  '/conversation/get_pinned_conversation_ids': [ALICE, () => ({ userID: 'alice' })],
  '/conversation/get_sorted_conversation_list': [ALICE, () => ({ userID: 'alice', conversationIDs: [chat], ...page })],
  '/conversation/set_conversations': [
    ALICE,
    () => ({
      userIDs: ['alice'],
      conversation: {
        ...{ conversationID: chat, conversationType: 1, userID: 'bob', groupID: '', recvMsgOpt: 0, isPinned: true },
        ...{ attachedInfo: 'a', isPrivateChat: false, ex: 'x', burnDuration: 30, groupAtType: 0 },
        ...{ msgDestructTime: 0, isMsgDestruct: false },
      },
    }),
  ],
  '/conversation/delete_conversations': [
    ALICE,
    () => ({ ownerUserID: 'alice', needDeleteTime: 0, conversationIDs: ['si_alice_nobody'] }),
  ],
  '/conversation/update_conversations_by_user': [ALICE, () => ({ userID: 'alice', ex: 'x' })],

  '/msg/send_msg': [APP, () => ({ ...toSend, recvID: 'alice', ...sendsAt })],
  '/msg/batch_send_msg': [APP, () => ({ ...toSend, recvIDs: ['alice'], isSendAll: false, ...sendsAt })],
  '/msg/send_business_notification': [
    APP,
    () => ({
      ...{ key: 'k', data: 'd', sendUserID: 'bob', recvUserID: 'alice', recvGroupID: '', sendMsg: true },
      reliabilityLevel: 2,
    }),
  ],
  [`/msg/send_simple_msg?key=${keyOf({ sendID: 'bob', recvID: 'alice' })}`]: [
    ALICE,
    () => ({ sendID: 'alice', content: 'yes', offlinePushInfo, ex: 'x' }),
  ],
  '/manager/send_msg': [APP, () => ({ operationID: 'op', recvID: 'alice', ...toSend, content: { text: 'text' } })],
  '/msg/check_msg_is_send_success': [ANYBODY, () => ({})],
  '/msg/get_server_time': [ANYBODY, () => ({})],
  '/msg/newest_seq': [ALICE, () => ({ userID: 'alice' })],
  '/msg/pull_msg_by_seq': [
    ALICE,
    () => ({ userID: 'alice', seqRanges: [{ conversationID: chat, begin: 1, end: 2, num: 2 }], order: 0 }),
  ],
  '/msg/get_conversations_has_read_and_max_seq': [
    ALICE,
    () => ({ userID: 'alice', conversationIDs: [chat], returnPinned: true }),
  ],
  '/msg/search_msg': [
    APP,
    () => ({
      ...{ sendID: 'bob', recvID: 'alice', contentType: 101, sendTime: '2026-01-01', sessionType: 1, ...page },
      ...{ text: 'text', content: 'text', continuation: '' },
    }),
  ],
  '/msg/mark_msgs_as_read': [ALICE, async () => ({ userID: 'alice', conversationID: chat, seqs: [await newest()] })],
  '/msg/mark_conversation_as_read': [
    ALICE,
    async () => ({ userID: 'alice', conversationID: chat, hasReadSeq: await newest(), seqs: [1] }),
  ],
  '/msg/set_conversation_has_read_seq': [
    ALICE,
    async () => ({ userID: 'alice', conversationID: chat, hasReadSeq: await newest(), noNotification: false }),
  ],
  '/msg/set_user_conversation_min_seq': [APP, () => ({ userID: 'alice', conversationID: chat, minSeq: 1 })],
  '/msg/set_user_conversation_max_seq': [APP, () => ({ userID: 'alice', conversationID: chat, maxSeq: 0 })],
  '/msg/get_group_message_readers': [
    ALICE,
    async () => ({ userID: 'alice', conversationID: chat, seq: await newest(), filter: 0, ...page }),
  ],
  '/msg/revoke_msg': [[1002, 1002, 0], async () => ({ userID: 'bob', conversationID: chat, seq: await newest() })],
  '/msg/delete_msgs': [
    ALICE,
    async () => ({ userID: 'alice', conversationID: chat, seqs: [await newest()], deleteSyncOpt }),
  ],
  '/msg/delete_msg_phsical_by_seq': [APP, async () => ({ conversationID: chat, seqs: [await newest()] })],
  '/msg/delete_msg_physical': [APP, () => ({ conversationIDs: [chat], timestamp: 1 })],
  '/msg/clear_conversation_msg': [ALICE, () => ({ userID: 'alice', conversationIDs: [chat], deleteSyncOpt })],
  '/msg/user_clear_all_msg': [ALICE, () => ({ userID: 'alice', deleteSyncOpt })],

  '/jssdk/get_active_conversations': [ANYBODY, () => ({ ownerUserID: 'alice', count: 10 })],
  '/jssdk/get_conversations': [ANYBODY, () => ({ ownerUserID: 'alice', conversationIDs: [chat] })],
}

function keyOf(answered: object): string {
  return encodeURIComponent(Buffer.from(JSON.stringify({ groupID: '', ...answered })).toString('base64'))
}

async function keptCommand(): Promise<Body> {
  await call('/user/process_user_command_add', { ...command, value: 'v', ex: 'x' }, 'app')
  return command
}

/** Sends a new message from bob to alice, and returns its seq. */
async function newest(): Promise<number> {
  const text = { sendID: 'bob', recvID: 'alice', contentType: 101, sessionType: 1, content: { content: 'text' } }
  await call('/msg/send_msg', text, 'app')
  const [view] = await user('alice').seqViews([chat])
  return view?.maxSeq ?? 0
}

/**
 * Alice's whole state: rows in D1, conversations, seqs and the messages with bob. One text, so that it compares fast.
 */
async function stateOfAlice(): Promise<string> {
  const tables = ['user', 'user_command', 'client_config']
  const rows = await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`SELECT * FROM ${table}`)))
  const alice = user('alice')
  const [conversations, seqs] = [await alice.conversations(null), await alice.seqViews(null)]
  const logs = await alice.pullRanges([{ conversationID: chat, begin: 1, end: 1e6, num: 20 }], 0)
  const messages = logs.map(({ msgs, ...log }) => ({
    ...log,
    msgs: msgs.map((msg) => Buffer.from(msg).toString('hex')),
  }))
  return JSON.stringify({ rows: rows.map(({ results }) => results), conversations, seqs, messages }, null, 1)
}

const good = Object.entries(CALLS)
const area = /^\/(auth|user|msg|manager|conversation|jssdk)\//

describe('the access table', () => {
  it('has every endpoint about accounts, messages and conversations', () => {
    const guarded = endpoints.filter(({ path, access }) => area.test(path) && access !== 'public')
    expect(
      Object.keys(CALLS)
        .map((path) => path.split('?')[0])
        .sort(),
    ).toEqual(guarded.map(({ path }) => path).sort())
  })
})

describe('the documented access', () => {
  it.each(good)('agrees with the codes of %s', (path, [codes]) => {
    expect(agreesWithDocumentation(path.split('?')[0] as string, codes)).toBe(true)
  })
})

describe('the access rules', () => {
  it.each(good)('are enforced by %s, and a refused call changes nothing', async (path, [codes, body]) => {
    const answers: number[] = []
    for (const [i, caller] of CALLERS.entries()) {
      const given = await body()
      const before = await stateOfAlice()
      const reply = await call(path, given, caller)
      answers.push(reply.errCode)
      if (codes[i] === 0) continue
      expect(reply).not.toHaveProperty('data')
      expect(await stateOfAlice()).toBe(before)
    }
    expect(answers).toEqual(codes)
  })
})

/** Fields with texts of users or apps: they may be as long as the request. */
const MESSAGE_FIELDS = new Set(['content', 'ex', 'offlinePushInfo', 'key', 'data'])

/** Whether a field may have any length. */
function isFree(path: string, field: Path): boolean {
  const sends = /\/send|_send/.test(path)
  if (sends && MESSAGE_FIELDS.has(String(field[0]))) return true
  // A client with an unknown version ID gets the full list; an operationID is any text.
  if (field[0] === 'versionID' || field[0] === 'operationID') return true
  // The call always answers the caller's list and ignores this field.
  if (path.startsWith('/jssdk/') && field[0] === 'ownerUserID') return true
  // An ID in a list may be unknown.
  return typeof field.at(-1) === 'number' || LISTS.has(String(field[0]))
}
/** Lists that may have more items than the test sends. */
const LISTS = new Set(['conversationIDs', 'recvIDs'])

/** A valid request, and Alice's state before it. */
async function ready(body: () => Body | Promise<Body>): Promise<{ given: Body; before: string }> {
  const given = await body()
  return { given, before: await stateOfAlice() }
}

describe('a request with one wrong field', () => {
  it.each(good)('is refused by %s when the type is wrong, and changes nothing', async (path, [, body]) => {
    const given = await body()
    const before = await stateOfAlice()
    for (const field of fieldsOf(given)) {
      const { errCode, errDlt } = await call(path, withField(given, field, wrongFor(held(given, field))), 'app')
      expect.soft([field, errCode]).toEqual([field, 1001])
      expect.soft(errDlt).toMatch(/^[a-zA-Z0-9.]+: /)
    }
    expect(await stateOfAlice()).toBe(before)
  })

  it.each(good)(
    'is refused or answered without an internal error by %s when the field is too large',
    async (path, [, body]) => {
      let { given, before } = await ready(body)
      for (const field of fieldsOf(given)) {
        const { errCode, errDlt } = await call(path, withField(given, field, enormousFor(held(given, field))), 'app')
        const answered = isFree(path, field) ? errCode === 0 || errCode > 1_000 : errCode === 1001
        expect.soft([field, errCode, errDlt.slice(0, 200), answered]).toEqual([field, errCode, expect.anything(), true])
        if (errCode === 0) ({ given, before } = await ready(body))
        else expect.soft(await stateOfAlice()).toBe(before)
      }
    },
    30_000,
  )

  it.each(good)(
    'does not lead to an internal error of %s when the field is missing or empty',
    async (path, [, body]) => {
      let { given, before } = await ready(body)
      for (const field of fieldsOf(given)) {
        for (const empty of [undefined, null, 'empty']) {
          const value = empty === 'empty' ? emptyFor(held(given, field)) : empty
          const { errCode } = await call(path, withField(given, field, value), 'app')
          expect.soft([field, empty, errCode === 0 || errCode > 1_000]).toEqual([field, empty, true])
          if (errCode === 0) ({ given, before } = await ready(body))
          else expect.soft(await stateOfAlice()).toBe(before)
        }
      }
    },
    30_000,
  )
})
