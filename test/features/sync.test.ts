import { beforeAll, describe, expect, it } from 'vitest'
import {
  GetActiveConversationsReq,
  GetActiveConversationsResp,
  JssdkGetConversationsReq,
  JssdkGetConversationsResp,
} from '../../src/protocol/proto/index.ts'
import { idHash } from '../../src/sync/id-hash.ts'
import { Device, post, register, request, textOf, until, userToken } from '../rigs/rig.ts'

const chat = 'si_alice_bob'
let token: string

beforeAll(async () => {
  await register('alice', 'bob', 'carol', 'newcomer')
  const [alices, bobs] = [await Device.connect('alice'), await Device.connect('bob', { platformID: 2 })]
  await alices.sendText('bob', 'hello')
  await alices.sendText('carol', 'hello')
  await until(() => bobs.received().length === 1)
  await bobs.sendText('alice', 'hi')
  await until(() => alices.received().length === 3)
  token = await userToken('alice', 3)
})

const call = (path: string, body: object) => post(path, body, token)

describe('the sync calls of a login', () => {
  it('are answered for a new user with empty lists and versions for incremental sync', async () => {
    const own = await userToken('newcomer')
    const asked = { userID: 'newcomer', version: 0, versionID: '', idHash: 0 }
    for (const path of [
      '/friend/get_incremental_friends',
      '/group/get_incremental_join_groups',
      '/conversation/get_incremental_conversations',
    ]) {
      const { errCode, data } = await post(path, asked, own)
      expect(errCode).toBe(0)
      expect(data).toMatchObject({ version: 1, full: true, delete: null, insert: null, update: null })
      expect(data.versionID).toMatch(/^[0-9a-f]{24}$/)
      const again = await post(path, { ...asked, version: data.version, versionID: data.versionID }, own)
      expect(again.data).toMatchObject({ version: 1, versionID: data.versionID, full: false })
    }
    for (const [path, ids] of [
      ['/friend/get_full_friend_user_ids', 'userIDs'],
      ['/group/get_full_join_group_ids', 'groupIDs'],
      ['/conversation/get_full_conversation_ids', 'conversationIDs'],
    ] as const) {
      const { data } = await post(path, asked, own)
      // The hash of an empty list is 0, so the client's list is equal.
      expect(data).toMatchObject({ version: 1, equal: true, [ids]: [] })
    }
    const page = { pagination: { pageNumber: 1, showNumber: 100 } }
    const list = async (path: string, body: object) => (await post(path, { ...body, ...page }, own)).data
    expect(await list('/friend/get_friend_list', { userID: 'newcomer' })).toEqual({ total: 0, friendsInfo: [] })
    expect(await list('/friend/get_black_list', { userID: 'newcomer' })).toEqual({ total: 0, blacks: [] })
    expect(await list('/group/get_joined_group_list', { fromUserID: 'newcomer' })).toEqual({ total: 0, groups: [] })
    expect(await list('/conversation/get_owner_conversation', { userID: 'newcomer' })).toEqual({
      total: 0,
      conversations: [],
    })
  })

  it("are refused for another user's data", async () => {
    const page = { pagination: { pageNumber: 1, showNumber: 100 } }
    for (const [path, body] of [
      ['/friend/get_incremental_friends', { userID: 'bob' }],
      ['/friend/get_full_friend_user_ids', { userID: 'bob' }],
      ['/friend/get_friend_list', { userID: 'bob', ...page }],
      ['/friend/get_designated_friends', { ownerUserID: 'bob', friendUserIDs: [] }],
      ['/friend/get_black_list', { userID: 'bob', ...page }],
      ['/group/get_incremental_join_groups', { userID: 'bob' }],
      ['/group/get_full_join_group_ids', { userID: 'bob' }],
      ['/group/get_joined_group_list', { fromUserID: 'bob', ...page }],
      ['/conversation/get_incremental_conversations', { userID: 'bob' }],
      ['/conversation/get_full_conversation_ids', { userID: 'bob' }],
      ['/conversation/get_owner_conversation', { userID: 'bob', ...page }],
      ['/conversation/get_all_conversations', { ownerUserID: 'bob' }],
      ['/conversation/get_conversations', { ownerUserID: 'bob', conversationIDs: [] }],
      ['/conversation/get_conversation', { ownerUserID: 'bob', conversationID: chat }],
      ['/conversation/get_not_notify_conversation_ids', { userID: 'bob' }],
    ] as const) {
      expect([path, (await call(path, body)).errCode]).toEqual([path, 1002])
    }
  })

  it('are refused without pagination and with page number 0', async () => {
    for (const pagination of [undefined, { pageNumber: 0, showNumber: 10 }]) {
      expect((await call('/conversation/get_owner_conversation', { userID: 'alice', pagination })).errCode).toBe(1001)
    }
  })
})

describe("the list of a user's conversations", () => {
  const both = [chat, 'si_alice_carol']

  it('is ordered by the time at which the conversations began, as a whole and by page', async () => {
    const all = await call('/conversation/get_all_conversations', { ownerUserID: 'alice' })
    expect(all.data.conversations.map((row: { conversationID: string }) => row.conversationID)).toEqual(both)
    expect(all.data.conversations[0]).toEqual({
      ownerUserID: 'alice',
      conversationID: chat,
      recvMsgOpt: 0,
      conversationType: 1,
      userID: 'bob',
      groupID: '',
      isPinned: false,
      attachedInfo: '',
      isPrivateChat: false,
      groupAtType: 0,
      ex: '',
      burnDuration: 0,
      minSeq: 0,
      maxSeq: 0,
      msgDestructTime: 0,
      latestMsgDestructTime: 0,
      isMsgDestruct: false,
    })
    const page = (pageNumber: number) =>
      call('/conversation/get_owner_conversation', { userID: 'alice', pagination: { pageNumber, showNumber: 1 } })
    expect((await page(2)).data).toMatchObject({ total: 2, conversations: [{ conversationID: 'si_alice_carol' }] })
    expect((await page(3)).data).toMatchObject({ total: 2, conversations: [] })
  })

  it('has versions for incremental sync', async () => {
    const first = await call('/conversation/get_incremental_conversations', { userID: 'alice' })
    expect(first.data).toMatchObject({ full: true, version: 3 })
    const since = await call('/conversation/get_incremental_conversations', {
      userID: 'alice',
      versionID: first.data.versionID,
      version: 2,
    })
    expect(since.data).toMatchObject({ full: false, insert: [{ conversationID: 'si_alice_carol' }], update: null })
  })

  it('is not sent again to a client that has the same hash', async () => {
    const hash = idHash(both)
    // The hash has more digits than a JavaScript number, so the test writes the JSON body as text.
    const reply = await post('/conversation/get_full_conversation_ids', `{"userID":"alice","idHash":${hash}}`, token)
    expect(reply.data).toMatchObject({ equal: true, conversationIDs: [] })
    const wrong = await post(
      '/conversation/get_full_conversation_ids',
      `{"userID":"alice","idHash":${hash + 1n}}`,
      token,
    )
    expect(wrong.data).toMatchObject({ equal: false, conversationIDs: both })
  })

  it('can be read by conversationID', async () => {
    const known = await call('/conversation/get_conversation', { ownerUserID: 'alice', conversationID: chat })
    expect(known.data.conversation).toMatchObject({ conversationID: chat, userID: 'bob' })
    const unknown = await call('/conversation/get_conversation', { ownerUserID: 'alice', conversationID: 'si_x_y' })
    expect(unknown.errCode).toBe(1004)
    const some = await call('/conversation/get_conversations', {
      ownerUserID: 'alice',
      conversationIDs: ['si_x_y', chat],
    })
    expect(some.data.conversations).toMatchObject([{ conversationID: chat }])
  })
})

describe('the conversation list of the JS SDK', () => {
  async function protobuf(path: string, body: Uint8Array): Promise<Uint8Array> {
    const response = await request(path, {
      method: 'POST',
      headers: { operationID: 'op', token, 'content-type': 'application/x-protobuf' },
      body,
    })
    const reply = (await response.json()) as { errCode: number; data: string }
    expect(reply.errCode).toBe(0)
    return Buffer.from(reply.data, 'base64')
  }

  it('has the newest conversation first, with its last message, peer and seqs', async () => {
    const body = GetActiveConversationsReq.encode({ ownerUserID: 'alice', count: 20 }).finish()
    const reply = GetActiveConversationsResp.decode(await protobuf('/jssdk/get_active_conversations', body))
    expect(reply.conversations.map((item) => item.conversation?.conversationID)).toEqual([chat, 'si_alice_carol'])
    expect(reply.conversations[0]).toMatchObject({ maxSeq: 2, readSeq: 1, user: { userID: 'bob' }, friend: undefined })
    expect(textOf(reply.conversations[0]?.lastMsg as never)).toBe('hi')
    expect(reply.unreadCount).toBe(1)
  })

  it('has at most the requested number of conversations', async () => {
    const body = GetActiveConversationsReq.encode({ ownerUserID: 'alice', count: 1 }).finish()
    const reply = GetActiveConversationsResp.decode(await protobuf('/jssdk/get_active_conversations', body))
    expect(reply.conversations).toHaveLength(1)
    expect(reply.unreadCount).toBe(1)
  })

  it('contains the given conversations only', async () => {
    const body = JssdkGetConversationsReq.encode({ ownerUserID: 'alice', conversationIDs: ['si_alice_carol'] }).finish()
    const reply = JssdkGetConversationsResp.decode(await protobuf('/jssdk/get_conversations', body))
    expect(reply.conversations.map((item) => item.conversation?.conversationID)).toEqual(['si_alice_carol'])
    expect(reply.unreadCount).toBe(0)
  })

  it('can be read as JSON, with content in base64', async () => {
    const reply = await call('/jssdk/get_conversations', { conversationIDs: [chat] })
    const { lastMsg } = reply.data.conversations[0]
    expect(JSON.parse(Buffer.from(lastMsg.content, 'base64').toString())).toEqual({ content: 'hi' })
  })

  it('refuses other content types and invalid protobuf', async () => {
    const send = async (type: string, body: Uint8Array) =>
      (
        await request('/jssdk/get_conversations', {
          method: 'POST',
          headers: { operationID: 'op', token, 'content-type': type },
          body,
        })
      ).json()
    expect(await send('text/xml', new Uint8Array([1]))).toMatchObject({ errCode: 1001 })
    expect(await send('application/x-protobuf', new Uint8Array([0xff, 0xff]))).toMatchObject({ errCode: 1001 })
  })
})
