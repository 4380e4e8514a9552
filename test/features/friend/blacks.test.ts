import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configOf } from '../../../src/config/index.ts'
import type { Bindings } from '../../../src/env.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { singleConversationID } from '../../../src/protocol/conversation-id.ts'
import { cast, expectSameListsAsFresh, type FriendShadow, waitForStrayPushes } from '../../rigs/friend-shadow.ts'
import { adminToken, appendItem, bindings, conversation, Device, post, until } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }
const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

let alice: FriendShadow
let bob: FriendShadow
let mallory: FriendShadow

beforeEach(async () => {
  ;[alice, bob, mallory] = (await cast('alice', 'bob', 'mallory')) as [FriendShadow, FriendShadow, FriendShadow]
})

const pair = () => ({ ownerUserID: alice.userID, blackUserID: bob.userID })
/** Alice blocks bob. */
const block = (given: object = {}, as = alice) => as.call('add_black', { ...pair(), ...given })
const robotID = () => `robot_of_${alice.userID}`
const unblock = (as = alice) => as.call('remove_black', pair())
const blacksOf = async (who: FriendShadow) => (await who.call('get_black_list', { userID: who.userID, ...PAGE })).data
const admin = async (verb: string, body: object) => post(`/friend/${verb}`, body, await adminToken())
const send = (from: FriendShadow, to: FriendShadow, text: string) => from.device.sendText(to.userID, text)

describe('a call about the black list', () => {
  it('lists a blocked user with the profile, and the time in seconds', async () => {
    expect(await block({ ex: 'e' })).toEqual(OK)
    const { blacks, total } = await blacksOf(alice)
    expect(total).toBe(1)
    expect(blacks).toEqual([
      {
        ownerUserID: alice.userID,
        createTime: expect.any(Number),
        blackUserInfo: {
          userID: bob.userID,
          nickname: `nick of ${bob.userID}`,
          faceURL: `https://x/${bob.userID}.png`,
          ex: '',
        },
        addSource: 0,
        operatorUserID: alice.userID,
        ex: 'e',
      },
    ])
    expect(blacks[0].createTime).toBeLessThan(10_000_000_000)
    expect(await blacksOf(bob)).toEqual({ blacks: [], total: 0 })
  })

  it('notifies the devices of both users after the reply (add_black, remove_black)', async () => {
    const reply = block()
    await reply
    expect(alice.notifications()).toEqual([])
    await until(() => alice.notifications().length === 1 && bob.notifications().length === 1)
    expect(alice.notifications()).toEqual([
      {
        contentType: ContentType.BlackAddedNotification,
        conversationID: `n_${alice.userID}_${bob.userID}`,
        from: alice.userID,
        to: bob.userID,
        seq: 0,
        detail: { fromToUserID: { fromUserID: alice.userID, toUserID: bob.userID } },
      },
    ])
    expect(bob.notifications()).toEqual(alice.notifications())
    await unblock()
    expect(alice.notifications()).toHaveLength(1)
    await until(() => alice.notifications().length === 2 && bob.notifications().length === 2)
    expect(alice.notifications()[1]).toMatchObject({
      contentType: ContentType.BlackDeletedNotification,
      detail: { fromToUserID: { fromUserID: alice.userID, toUserID: bob.userID } },
    })
    await waitForStrayPushes()
    expect(mallory.notifications()).toEqual([])
  })

  it('accepts a second add_black, and remove_black without an entry', async () => {
    expect(await unblock()).toEqual(OK)
    await waitForStrayPushes()
    expect(alice.notifications()).toEqual([])
    await block({ ex: 'first' })
    expect(await block({ ex: 'second' })).toEqual(OK)
    expect((await blacksOf(alice)).blacks).toMatchObject([{ ex: 'second' }])
    expect(await unblock()).toEqual(OK)
    expect(await unblock()).toEqual(OK)
    expect(await blacksOf(alice)).toEqual({ blacks: [], total: 0 })
    await expectSameListsAsFresh(alice, bob)
  })

  it('notifies once when two devices unblock the same user at the same time', async () => {
    await block()
    expect(await Promise.all([unblock(), unblock(), unblock()])).toEqual([OK, OK, OK])
    await until(() => alice.notificationsOf(ContentType.BlackDeletedNotification).length > 0)
    await waitForStrayPushes()
    expect(alice.notificationsOf(ContentType.BlackDeletedNotification)).toHaveLength(1)
    await expectSameListsAsFresh(alice, bob)
  })

  it('keeps the friendship with a blocked user', async () => {
    await admin('import_friend', { ownerUserID: alice.userID, friendUserIDs: [bob.userID] })
    await block()
    const { data } = await alice.call('get_friend_id', { userID: alice.userID })
    expect(data.friendIDs).toEqual([bob.userID])
    await expectSameListsAsFresh(alice, bob)
  })

  it('returns the blocked users among the given users (get_specified_blacks)', async () => {
    await block()
    const asked = { ownerUserID: alice.userID, userIDList: [mallory.userID, bob.userID, 'nobody', bob.userID] }
    const { data } = await alice.call('get_specified_blacks', asked)
    expect(data).toMatchObject({ total: 1, blacks: [{ blackUserInfo: { userID: bob.userID } }] })
    const none = await alice.call('get_specified_blacks', { ownerUserID: alice.userID, userIDList: null })
    expect(none.data).toEqual({ blacks: [], total: 0 })
  })

  it('returns versions for incremental sync (get_incremental_blacks)', async () => {
    const sync = async (given: object) =>
      (await alice.call('get_incremental_blacks', { userID: alice.userID, ...given })).data
    const { version, versionID, ...first } = await sync({})
    expect({ version, ...first }).toEqual({ version: 1, full: true, delete: null, insert: null, update: null })
    await block()
    expect(await sync({ version, versionID })).toMatchObject({
      version: 2,
      full: false,
      insert: [{ blackUserInfo: { userID: bob.userID } }],
    })
    await unblock()
    expect(await sync({ version: 2, versionID })).toEqual({
      version: 3,
      versionID,
      full: false,
      delete: [bob.userID],
      insert: null,
      update: null,
    })
  })

  it('refuses owners and users who are not registered', async () => {
    expect((await block({ blackUserID: 'nobody' })).errCode).toBe(1004)
    expect((await admin('add_black', { ...pair(), ownerUserID: 'nobody' })).errCode).toBe(1004)
  })

  it.each([
    ['add_black', () => pair()],
    ['remove_black', () => pair()],
    ['get_black_list', () => ({ userID: alice.userID, ...PAGE })],
    ['get_specified_blacks', () => ({ ownerUserID: alice.userID, userIDList: [bob.userID] })],
    ['get_incremental_blacks', () => ({ userID: alice.userID })],
  ])('refuses callers other than the owner and app administrators: %s', async (verb, body) => {
    expect((await mallory.call(verb, body())).errCode).toBe(1002)
    expect((await bob.call(verb, body())).errCode).toBe(1002)
    expect((await alice.call(verb, body())).errCode).toBe(0)
    expect((await admin(verb, body())).errCode).toBe(0)
    await expectSameListsAsFresh(alice)
  })

  it.each([
    ['no owner', { ownerUserID: '' }],
    ['no blackUserID', { blackUserID: null }],
    ['a userID that is a number', { blackUserID: 1 }],
    ['an ex that is too long', { ex: 'x'.repeat(8_193) }],
  ])('is refused with error 1001 when add_black gets %s', async (_what, given) => {
    expect((await block(given)).errCode).toBe(1001)
  })
})

describe('a message from a blocked user', () => {
  it('is refused with error 1302 in an existing chat, and accepted again after remove_black', async () => {
    await send(bob, alice, 'before')
    await block()
    await expect(send(bob, alice, 'during')).rejects.toThrow(/^1302 /)
    await unblock()
    await send(bob, alice, 'after')
    const chat = `si_${alice.userID}_${bob.userID}`
    expect(await conversation(chat).maxSeq()).toBe(2)
  })

  it('is refused with error 1302 when the message is the first message of the chat', async () => {
    // Only the row, without the call that would notify the ConversationObject.
    await bindings.DB.prepare("INSERT INTO black VALUES (?, ?, 0, 0, '', '')").bind(alice.userID, bob.userID).run()
    await expect(send(bob, alice, 'hello')).rejects.toThrow(/^1302 /)
    await send(alice, bob, 'but this way it goes')
    await expect(send(bob, alice, 'hello')).rejects.toThrow(/^1302 /)
  })

  it('is refused because of the block, before the receive option is checked', async () => {
    await block()
    const userInfo = { userID: alice.userID, globalRecvMsgOpt: 1 }
    await post('/user/update_user_info_ex', { userInfo }, alice.token)
    await expect(send(bob, alice, 'x')).rejects.toThrow(/^1302 /)
  })

  it('is not refused when the user who blocked the other one writes', async () => {
    await block()
    await send(alice, bob, 'I may still write')
  })

  it('is accepted when the service or the app’s own accounts send it', async () => {
    await block()
    const chat = `si_${alice.userID}_${bob.userID}`
    const item = { sendID: bob.userID, recvID: alice.userID }
    const [plain, exempt] = await conversation(chat).append([
      appendItem({ ...item, clientMsgID: 'plain' }),
      appendItem({ ...item, clientMsgID: 'exempt', skipChecks: true }),
    ])
    expect([plain?.ok, exempt?.ok]).toEqual([false, true])

    const robot = robotID()
    const users = [{ userID: robot, nickname: 'R', appMangerLevel: 2 }]
    expect((await post('/user/user_register', { users }, await adminToken())).errCode).toBe(0)
    await alice.call('add_black', { ownerUserID: alice.userID, blackUserID: robot })
    const robots = await Device.connect(robot)
    await robots.sendText(alice.userID, 'beep')
  })

  it('is refused when the user is blocked while the chat begins', async () => {
    const sent = Promise.allSettled([send(bob, alice, 'first'), send(bob, alice, 'second')])
    await block()
    await sent
    await expect(send(bob, alice, 'third')).rejects.toThrow(/^1302 /)
  })

  it('is refused after add_black is repeated, if the first call did not reach the conversation', async () => {
    await send(bob, alice, 'before')
    await bindings.DB.prepare("INSERT INTO black VALUES (?, ?, 0, 0, '', '')").bind(alice.userID, bob.userID).run()
    await send(bob, alice, 'the conversation does not know')
    await block()
    await expect(send(bob, alice, 'now it does')).rejects.toThrow(/^1302 /)
    await bindings.DB.prepare('DELETE FROM black WHERE owner_user_id = ?').bind(alice.userID).run()
    await unblock()
    await send(bob, alice, 'and forgets')
  })
})

describe('a deployment in which only friends may write', () => {
  beforeEach(() => setFriendVerify(true))
  afterEach(() => setFriendVerify(false))

  /** The tests share one deployment, so the setting is changed only in the objects that these tests write to. */
  async function setFriendVerify(friendVerify: boolean): Promise<void> {
    for (const peer of [bob.userID, robotID()]) {
      const object = bindings.CONVERSATION.getByName(singleConversationID(alice.userID, peer))
      await runInDurableObject(object, (instance) => {
        configOf((instance as unknown as { env: Bindings }).env).friendVerify = friendVerify
      })
    }
  }

  const befriend = () => admin('import_friend', { ownerUserID: alice.userID, friendUserIDs: [bob.userID] })
  const drop = (owner: FriendShadow, friend: FriendShadow) =>
    owner.call('delete_friend', { ownerUserID: owner.userID, friendUserID: friend.userID })

  it('refuses strangers with error 1303 and accepts friends, in both directions', async () => {
    await expect(send(bob, alice, 'x')).rejects.toThrow(/^1303 /)
    await befriend()
    await send(bob, alice, 'hello')
    await send(alice, bob, 'hello')
  })

  it('checks the friend list of the receiver', async () => {
    await befriend()
    await drop(alice, bob)
    await expect(send(bob, alice, 'x')).rejects.toThrow(/^1303 /)
    await send(alice, bob, 'bob still has me')
    await drop(bob, alice)
    await expect(send(alice, bob, 'x')).rejects.toThrow(/^1303 /)
  })

  it('accepts messages after a friend request is agreed to', async () => {
    const asked = { fromUserID: alice.userID, toUserID: bob.userID }
    await alice.call('add_friend', asked)
    await expect(send(alice, bob, 'x')).rejects.toThrow(/^1303 /)
    await bob.call('add_friend_response', { ...asked, handleResult: 1 })
    await send(alice, bob, 'hello')
    await send(bob, alice, 'hello')
  })

  it('refuses a blocked friend with error 1302', async () => {
    await befriend()
    await block()
    await expect(send(bob, alice, 'x')).rejects.toThrow(/^1302 /)
  })

  it('accepts messages from the app’s own accounts', async () => {
    const users = [{ userID: robotID(), nickname: 'R', appMangerLevel: 2 }]
    await post('/user/user_register', { users }, await adminToken())
    await (await Device.connect(robotID())).sendText(alice.userID, 'beep')
  })
})
