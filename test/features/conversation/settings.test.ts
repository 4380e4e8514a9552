import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { bindings, post, register, until, user, userToken } from '../../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../../rigs/shadow.ts'

let next = 0
let alice: Shadow
let alicesPhone: Shadow
let bob: Shadow
let chat: string

beforeEach(async () => {
  const [a, b] = [`alice_${next}`, `bob_${next++}`]
  await register(a, b)
  alice = await Shadow.online(a)
  alicesPhone = await Shadow.online(a, 2)
  bob = await Shadow.online(b)
  chat = `si_${a}_${b}`
  await alice.device.sendText(b, 'hello')
  await until(() => [alice, alicesPhone, bob].every(({ device }) => device.received().length === 1))
})

const set = async (shadow: Shadow, fields: object, userIDs = [shadow.userID]) =>
  post(
    '/conversation/set_conversations',
    {
      userIDs,
      conversation: {
        conversationID: chat,
        conversationType: 1,
        userID: shadow === bob ? alice.userID : bob.userID,
        ...fields,
      },
    },
    shadow.token,
  )

const rowOf = async (shadow: Shadow) => (await user(shadow.userID).conversations([chat]))[0]

describe('set_conversations', () => {
  it.each([
    ['isPinned', { isPinned: true }],
    ['recvMsgOpt', { recvMsgOpt: 2 }],
    ['ex and attachedInfo', { ex: '{"a":1}', attachedInfo: 'x' }],
    ['isMsgDestruct', { isMsgDestruct: true, msgDestructTime: 3600 }],
    ['groupAtType', { groupAtType: 1 }],
  ])('sets a field, and notifies the owner’s other devices but not the peer: %s', async (_what, fields) => {
    expect(await set(alice, fields)).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await rowOf(alice)).toMatchObject(fields)
    await until(() =>
      alicesPhone.device.received().some(({ msg }) => msg.contentType === ContentType.ConversationChangeNotification),
    )
    expect((await alicesPhone.known()).conversations[chat]).toMatchObject(fields)
    expect(bob.device.received()).toHaveLength(1)
    await expectSameAsFresh(alice, alicesPhone, bob)
  })

  it('sends no notification when the values do not change', async () => {
    await set(alice, { isPinned: false, recvMsgOpt: 0 })
    // A later change, so that the test can wait for its notification.
    await set(alice, { ex: 'noted' })
    await until(() => alicesPhone.device.received().length > 1)
    expect(alicesPhone.device.received()).toHaveLength(2)
  })

  it('makes a chat private for both users, with a notification in the chat', async () => {
    await set(alice, { isPrivateChat: true, burnDuration: 30 })
    await until(() =>
      bob.device.received().some(({ conversationID, msg }) => conversationID === chat && msg.contentType === 1701),
    )
    expect(await rowOf(alice)).toMatchObject({ isPrivateChat: true, burnDuration: 30 })
    expect(await rowOf(bob)).toMatchObject({ isPrivateChat: true, burnDuration: 0 })
    await expectSameAsFresh(alice, alicesPhone, bob)
  })

  it('refuses isPrivateChat for another conversation and for unknown users', async () => {
    expect((await set(alice, { isPrivateChat: true, conversationID: 'si_of_others' })).errCode).toBe(1001)
    const conversationID = `si_${alice.userID}_nobody`
    expect((await set(alice, { isPrivateChat: true, conversationID, userID: 'nobody' })).errCode).toBe(1004)
    expect(await user(alice.userID).conversations(null)).toMatchObject([{ conversationID: chat, isPrivateChat: false }])
    expect(await user(bob.userID).conversations(null)).toHaveLength(1)
  })

  it('creates a conversation that does not exist yet', async () => {
    await register(`carol_${next}`)
    const conversationID = `si_${alice.userID}_carol_${next}`
    await set(alice, { conversationID, userID: `carol_${next}`, isPinned: true })
    expect(await user(alice.userID).conversations([conversationID])).toMatchObject([{ isPinned: true }])
    await expectSameAsFresh(alice, alicesPhone)
  })

  it('refuses a call without owner, type or peer, and a call for another user', async () => {
    expect((await set(alice, {}, [])).errCode).toBe(1001)
    expect((await set(alice, { conversationType: 0 })).errCode).toBe(1001)
    expect((await set(alice, { userID: '' })).errCode).toBe(1001)
    expect((await set(alice, { recvMsgOpt: 7 })).errCode).toBe(1001)
    expect((await set(alice, {}, [bob.userID])).errCode).toBe(1002)
  })
})

describe('a receiver with receive option 1', () => {
  it('refuses the sender’s messages in this conversation until the option is reset', async () => {
    await set(bob, { recvMsgOpt: 1 })
    await expect(alice.device.sendText(bob.userID, 'anybody there?')).rejects.toThrow(/^1001 .*message is not sent/)
    await set(bob, { recvMsgOpt: 0 })
    expect(await alice.device.sendText(bob.userID, 'and now?')).toMatchObject({
      clientMsgID: `${alice.userID}-and now?`,
    })
  })

  it("refuses every sender’s messages when the option is the user's global option", async () => {
    await user(bob.userID).setGlobalRecvMsgOpt(1)
    await expect(alice.device.sendText(bob.userID, 'hm?')).rejects.toThrow('1001')
  })

  it('refuses the first message of a conversation when the option was set before the message', async () => {
    const dave = `dave_${next}`
    await register(dave)
    const conversationID = [alice.userID, dave].sort().join('_')
    await post(
      '/conversation/set_conversations',
      {
        userIDs: [dave],
        conversation: {
          conversationID: `si_${conversationID}`,
          conversationType: 1,
          userID: alice.userID,
          recvMsgOpt: 1,
        },
      },
      await userToken(dave),
    )
    await expect(alice.device.sendText(dave, 'hello')).rejects.toThrow('1001')
  })
})

describe('a conversation list', () => {
  it('returns the pinned conversations, and sorts them first', async () => {
    const carol = `carol_${next}`
    await register(carol)
    await alice.device.sendText(carol, 'newer')
    await set(alice, { isPinned: true })
    const token = alice.token
    const pinned = await post('/conversation/get_pinned_conversation_ids', { userID: alice.userID }, token)
    expect(pinned.data).toEqual({ conversationIDs: [chat] })
    const sorted = await post(
      '/conversation/get_sorted_conversation_list',
      { userID: alice.userID, pagination: { pageNumber: 1, showNumber: 10 } },
      token,
    )
    expect(sorted.data).toMatchObject({
      conversationTotal: 2,
      unreadTotal: 0,
      conversationElems: [
        {
          conversationID: chat,
          IsPinned: true,
          msgInfo: { content: '{"content":"hello"}', senderName: `nick of ${bob.userID}` },
        },
        { IsPinned: false },
      ],
    })
  })

  it.each([
    ['conversation/get_sorted_conversation_list', { conversationTotal: 0, unreadTotal: 0, conversationElems: [] }],
    ['conversation/get_owner_conversation', { total: 0, conversations: [] }],
    ['conversation/get_all_conversations', { conversations: [] }],
    ['conversation/get_conversations', { conversations: [] }],
    ['conversation/get_not_notify_conversation_ids', { conversationIDs: [] }],
    ['conversation/get_pinned_conversation_ids', { conversationIDs: [] }],
    ['msg/get_conversations_has_read_and_max_seq', { seqs: {}, pinnedConversationIDs: [] }],
    ['jssdk/get_conversations', { unreadCount: 0, conversations: [] }],
    ['jssdk/get_active_conversations', { unreadCount: 0, conversations: [] }],
    ['friend/get_friend_list', { friendsInfo: [], total: 0 }],
    ['friend/get_friend_id', { friendIDs: [] }],
    ['friend/get_black_list', { blacks: [], total: 0 }],
    ['friend/get_friend_apply_list', { FriendRequests: [], total: 0 }],
    ['friend/get_self_friend_apply_list', { friendRequests: [], total: 0 }],
    ['friend/get_designated_friends', { friendsInfo: [] }],
    ['group/get_joined_group_list', { groups: [], total: 0 }],
    ['group/get_recv_group_applicationList', { groupRequests: [], total: 0 }],
    ['group/get_user_req_group_applicationList', { groupRequests: [], total: 0 }],
  ])('is empty for a user who has no rows: %s', async (path, data) => {
    const userID = `newcomer_${next}`
    await register(userID)
    const owner = { userID, ownerUserID: userID, fromUserID: userID }
    const body = {
      ...owner,
      conversationIDs: ['si_a_b'],
      friendUserIDs: [],
      pagination: { pageNumber: 1, showNumber: 10 },
    }
    const reply = await post(`/${path}`, body, await userToken(userID))
    expect({ errCode: reply.errCode, data: reply.data }).toEqual({ errCode: 0, data })
  })

  it('loses deleted conversations: the given ones, or those without recent messages', async () => {
    const token = alice.token
    const remove = (body: object) =>
      post('/conversation/delete_conversations', { ownerUserID: alice.userID, ...body }, token)
    expect((await remove({})).errCode).toBe(1001)
    expect((await remove({ needDeleteTime: 1, conversationIDs: [chat] })).errCode).toBe(1001)
    await remove({ needDeleteTime: 1 })
    expect(await rowOf(alice)).toBeDefined()
    await remove({ conversationIDs: [chat] })
    expect(await rowOf(alice)).toBeUndefined()
    expect(await rowOf(bob)).toBeDefined()
    await alice.sync()
    await expectSameAsFresh(alice, bob)
  })

  it('loses the settings of a deleted conversation, so that a refused sender may write again', async () => {
    await set(alice, { recvMsgOpt: 1 })
    await expect(bob.device.sendText(alice.userID, 'hello?')).rejects.toThrow('1001')
    await post(
      '/conversation/delete_conversations',
      { ownerUserID: alice.userID, conversationIDs: [chat] },
      alice.token,
    )
    await bob.device.sendText(alice.userID, 'and now?')
    await until(async () => (await rowOf(alice)) !== undefined)
    expect(await rowOf(alice)).toMatchObject({ recvMsgOpt: 0 })
    await alice.sync()
    await expectSameAsFresh(alice, bob)
  })

  it('gets the ex that a user sets in the lists of all peers (update_conversations_by_user)', async () => {
    const body = { userID: bob.userID, ex: 'left the company' }
    expect((await post('/conversation/update_conversations_by_user', body, bob.token)).errCode).toBe(0)
    expect(await rowOf(alice)).toMatchObject({ ex: 'left the company' })
    expect(await rowOf(bob)).toMatchObject({ ex: '' })
    await alice.sync()
    await expectSameAsFresh(alice, bob)
  })
})

describe('a conversation with isMsgDestruct', () => {
  it('is cleared for its owner by the alarm, and the owner’s devices are notified', async () => {
    await set(alice, { isMsgDestruct: true, msgDestructTime: 1 })
    const stub = bindings.USER.getByName(alice.userID)
    expect(await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())).not.toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await runDurableObjectAlarm(stub)
    await until(async () => (await rowOf(alice))?.minSeq === 2)
    expect((await rowOf(alice))?.latestMsgDestructTime).toBeGreaterThan(0)
    expect((await rowOf(bob))?.minSeq).toBe(0)
    await expectSameAsFresh(alice, alicesPhone, bob)
    // No message is left, so that no alarm is set until the next one comes.
    expect(await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())).toBeNull()
    await bob.device.sendText(alice.userID, 'later')
    await until(() => runInDurableObject(stub, async (_object, state) => (await state.storage.getAlarm()) !== null))
    await set(alice, { isMsgDestruct: false })
    expect(await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())).toBeNull()
  })
})
