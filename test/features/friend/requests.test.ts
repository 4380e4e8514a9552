import { beforeEach, describe, expect, it } from 'vitest'
import { agree, refuse } from '../../../src/features/friend/store/requests.ts'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { cast, expectSameListsAsFresh, type FriendShadow, waitForStrayPushes } from '../../rigs/friend-shadow.ts'
import { adminToken, bindings, post, until } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }
const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

let alice: FriendShadow
let bob: FriendShadow
let mallory: FriendShadow

beforeEach(async () => {
  ;[alice, bob, mallory] = (await cast('alice', 'bob', 'mallory')) as [FriendShadow, FriendShadow, FriendShadow]
})

const ask = (from: FriendShadow, to: FriendShadow, given: object = {}, as = from) =>
  as.call('add_friend', { fromUserID: from.userID, toUserID: to.userID, ...given })
const answer = (from: FriendShadow, to: FriendShadow, handleResult: number, given: object = {}, as = to) =>
  as.call('add_friend_response', { fromUserID: from.userID, toUserID: to.userID, handleResult, ...given })
const received = async (by: FriendShadow, given: object = {}) =>
  (await by.call('get_friend_apply_list', { userID: by.userID, ...PAGE, ...given })).data
const made = async (by: FriendShadow, given: object = {}) =>
  (await by.call('get_self_friend_apply_list', { userID: by.userID, ...PAGE, ...given })).data
const friendsOf = async (who: FriendShadow): Promise<string[]> =>
  (await who.call('get_friend_id', { userID: who.userID })).data.friendIDs
const between = () => ({ fromUserID: alice.userID, toUserID: bob.userID })

describe('add_friend', () => {
  it('sends the request to the devices of the two users, and to no other user', async () => {
    const before = Date.now()
    expect(await ask(alice, bob, { reqMsg: 'hi', ex: 'e' })).toEqual(OK)
    await until(() => alice.notifications().length === 1 && bob.notifications().length === 1)
    const [told] = bob.notifications()
    expect(told).toEqual({
      contentType: ContentType.FriendApplicationNotification,
      conversationID: `n_${alice.userID}_${bob.userID}`,
      from: alice.userID,
      to: bob.userID,
      seq: 0,
      detail: {
        fromToUserID: between(),
        request: {
          ...between(),
          fromNickname: `nick of ${alice.userID}`,
          fromFaceURL: `https://x/${alice.userID}.png`,
          toNickname: `nick of ${bob.userID}`,
          toFaceURL: `https://x/${bob.userID}.png`,
          handleResult: 0,
          reqMsg: 'hi',
          createTime: expect.any(Number),
          handlerUserID: '',
          handleMsg: '',
          handleTime: 0,
          ex: 'e',
        },
      },
    })
    expect(told?.detail.request.createTime).toBeGreaterThanOrEqual(before)
    expect(alice.notifications()).toEqual(bob.notifications())
    await waitForStrayPushes()
    expect(mallory.notifications()).toEqual([])
  })

  it('adds the request to the lists of both users, with OpenIM’s keys and times in ms', async () => {
    await ask(alice, bob, { reqMsg: 'hi' })
    const { FriendRequests, total } = await received(bob)
    expect(total).toBe(1)
    expect(FriendRequests).toMatchObject([{ ...between(), handleResult: 0, reqMsg: 'hi', handleTime: 0 }])
    expect(FriendRequests[0].createTime).toBeGreaterThan(1_700_000_000_000)
    expect(await made(alice)).toEqual({ friendRequests: FriendRequests, total: 1 })
    expect(await received(alice)).toEqual({ FriendRequests: [], total: 0 })
    expect(await made(bob)).toEqual({ friendRequests: [], total: 0 })
  })

  it('replaces a pending request', async () => {
    await ask(alice, bob, { reqMsg: 'first', ex: 'e' })
    expect(await ask(alice, bob, { reqMsg: 'second' })).toEqual(OK)
    expect((await received(bob)).FriendRequests).toMatchObject([{ reqMsg: 'second', ex: '' }])
  })

  it('makes a refused request pending again', async () => {
    await ask(alice, bob)
    await answer(alice, bob, -1, { handleMsg: 'no' })
    await ask(alice, bob)
    expect((await received(bob)).FriendRequests).toMatchObject([
      { handleResult: 0, handleMsg: '', handlerUserID: '', handleTime: 0 },
    ])
  })

  it('refuses the user themselves (error 1301), and users who are not registered (error 1004)', async () => {
    expect((await ask(alice, alice)).errCode).toBe(1301)
    const asked = { fromUserID: alice.userID, toUserID: 'nobody' }
    expect((await alice.call('add_friend', asked)).errCode).toBe(1004)
    const by = { fromUserID: 'nobody', toUserID: alice.userID }
    expect((await post('/friend/add_friend', by, await adminToken())).errCode).toBe(1004)
  })

  it('refuses a friend (error 1304), but not a user who was deleted from one of the two lists', async () => {
    await ask(alice, bob)
    await answer(alice, bob, 1)
    expect((await ask(alice, bob)).errCode).toBe(1304)
    expect((await ask(bob, alice)).errCode).toBe(1304)
    await bob.call('delete_friend', { ownerUserID: bob.userID, friendUserID: alice.userID })
    expect((await ask(alice, bob)).errCode).toBe(0)
    expect((await answer(alice, bob, 1)).errCode).toBe(0)
    expect(await friendsOf(bob)).toEqual([alice.userID])
    await expectSameListsAsFresh(alice, bob)
  })

  it('refuses callers other than the user and app administrators', async () => {
    expect((await ask(alice, bob, {}, mallory)).errCode).toBe(1002)
    expect((await ask(alice, bob, {}, bob)).errCode).toBe(1002)
    expect((await post('/friend/add_friend', between(), await adminToken())).errCode).toBe(0)
    await until(() => alice.notifications().length === 1 && bob.notifications().length === 1)
  })

  it.each([
    ['no fromUserID', { fromUserID: '' }],
    ['no toUserID', { toUserID: null }],
    ['a userID that is a number', { toUserID: 7 }],
    ['a reqMsg that is a number', { reqMsg: 1 }],
    ['a reqMsg that is too long', { reqMsg: 'x'.repeat(2_049) }],
    ['an ex that is too long', { ex: 'x'.repeat(8_193) }],
  ])('refuses %s with error 1001', async (_what, given) => {
    expect((await ask(alice, bob, given)).errCode).toBe(1001)
  })
})

describe('add_friend_response that agrees', () => {
  beforeEach(() => ask(alice, bob, { reqMsg: 'hi' }))

  it('makes the two users friends, with the source and the time in seconds', async () => {
    expect(await answer(alice, bob, 1, { handleMsg: 'yes' })).toEqual(OK)
    const { data } = await alice.call('get_friend_list', { userID: alice.userID, ...PAGE })
    expect(data.friendsInfo).toMatchObject([
      {
        ownerUserID: alice.userID,
        remark: '',
        friendUser: { userID: bob.userID },
        addSource: 2,
        operatorUserID: bob.userID,
        isPinned: false,
      },
    ])
    expect(data.friendsInfo[0].createTime).toBeLessThan(10_000_000_000)
    expect(await friendsOf(bob)).toEqual([alice.userID])
    await expectSameListsAsFresh(alice, bob)
  })

  it('notifies both users with the answered request, and adds a message to their chat', async () => {
    await answer(alice, bob, 1, { handleMsg: 'yes' })
    const kind = ContentType.FriendApplicationApprovedNotification
    await until(() => alice.notificationsOf(kind).length === 1 && bob.notificationsOf(kind).length === 1)
    expect(alice.notificationsOf(kind)[0]).toEqual({
      contentType: kind,
      conversationID: `n_${alice.userID}_${bob.userID}`,
      from: bob.userID,
      to: alice.userID,
      seq: 0,
      detail: {
        fromToUserID: between(),
        handleMsg: 'yes',
        friendVersion: 0,
        friendVersionID: '',
        request: expect.objectContaining({
          ...between(),
          handleResult: 1,
          reqMsg: 'hi',
          handlerUserID: bob.userID,
          handleMsg: 'yes',
          handleTime: expect.any(Number),
        }),
      },
    })
    expect(bob.notificationsOf(kind)).toEqual(alice.notificationsOf(kind))
    const chat = `si_${alice.userID}_${bob.userID}`
    for (const one of [alice, bob]) {
      const inChat = () => one.device.received().filter(({ conversationID }) => conversationID === chat)
      await until(() => inChat().length === 1)
      expect(inChat()[0]?.msg).toMatchObject({ contentType: 1201, seq: 1, sendID: bob.userID })
    }
    await waitForStrayPushes()
    expect(mallory.notifications()).toEqual([])
  })

  it('agrees to both requests when each user has requested the other', async () => {
    await ask(bob, alice)
    await answer(alice, bob, 1)
    const { data } = await alice.call('get_designated_friend_apply', between())
    expect(data.friendRequests).toHaveLength(2)
    expect(data.friendRequests).toMatchObject([{ handleResult: 1 }, { handleResult: 1 }])
  })

  it('refuses a second agreement (error 1001) and a later refusal (error 1305)', async () => {
    await answer(alice, bob, 1)
    expect((await answer(alice, bob, 1)).errCode).toBe(1001)
    expect((await answer(alice, bob, -1)).errCode).toBe(1305)
    expect(await friendsOf(alice)).toEqual([bob.userID])
  })

  it('increases the version of each list by 1', async () => {
    const version = async (who: FriendShadow) =>
      (await who.call('get_full_friend_user_ids', { userID: who.userID, idHash: 0 })).data.version
    await answer(alice, bob, 1)
    expect([await version(alice), await version(bob)]).toEqual([2, 2])
  })
})

describe('add_friend_response that refuses', () => {
  beforeEach(() => ask(alice, bob))

  it('notifies both users with the answered request, and adds no friend', async () => {
    expect(await answer(alice, bob, -1, { handleMsg: 'no' })).toEqual(OK)
    const kind = ContentType.FriendApplicationRejectedNotification
    await until(() => alice.notificationsOf(kind).length === 1 && bob.notificationsOf(kind).length === 1)
    expect(alice.notificationsOf(kind)[0]).toMatchObject({
      contentType: kind,
      from: bob.userID,
      to: alice.userID,
      detail: { fromToUserID: between(), handleMsg: 'no', request: { handleResult: -1, handlerUserID: bob.userID } },
    })
    expect(bob.notificationsOf(kind)).toEqual(alice.notificationsOf(kind))
    expect(await friendsOf(alice)).toEqual([])
    // Their chat has no message.
    expect(alice.device.received().filter(({ conversationID }) => conversationID.startsWith('si_'))).toEqual([])
  })

  it('refuses a second refusal (error 1305) and a later agreement (error 1001)', async () => {
    await answer(alice, bob, -1)
    expect((await answer(alice, bob, -1)).errCode).toBe(1305)
    expect((await answer(alice, bob, 1)).errCode).toBe(1001)
  })
})

describe('add_friend_response', () => {
  it('accepts one of several concurrent answers, and adds friends only if that answer agrees', async () => {
    await ask(alice, bob)
    const answers = await Promise.all([1, -1, 1, -1].map((handleResult) => answer(alice, bob, handleResult)))
    expect(answers.filter(({ errCode }) => errCode === 0)).toHaveLength(1)
    for (const { errCode } of answers) expect([0, 1001, 1305]).toContain(errCode)
    const { data } = await bob.call('get_designated_friend_apply', between())
    const [{ handleResult }] = data.friendRequests
    expect(await friendsOf(alice)).toEqual(handleResult === 1 ? [bob.userID] : [])
    expect(await friendsOf(bob)).toEqual(handleResult === 1 ? [alice.userID] : [])
    await waitForStrayPushes()
    const { FriendApplicationApprovedNotification: agreed, FriendApplicationRejectedNotification: refused } =
      ContentType
    expect([alice.notificationsOf(agreed).length, alice.notificationsOf(refused).length]).toEqual(
      handleResult === 1 ? [1, 0] : [0, 1],
    )
    await expectSameListsAsFresh(alice, bob)
  })

  it('adds no friend when it agrees after another answer was stored', async () => {
    await ask(alice, bob)
    const db = openDatabase(bindings.DB)
    const given = { handlerUserID: bob.userID, handleMsg: '', handleTime: 1 }
    const origin = { createTime: 1, addSource: 2, operatorUserID: bob.userID }
    expect(await refuse(db, alice.userID, bob.userID, given)).toBe(true)
    expect(await agree(db, alice.userID, bob.userID, given, origin)).toBe(false)
    expect(await friendsOf(alice)).toEqual([])
    expect((await made(alice)).friendRequests).toMatchObject([{ handleResult: -1 }])
  })

  it('refuses an answer without a request with error 1004', async () => {
    await ask(alice, bob)
    expect((await answer(bob, alice, 1)).errCode).toBe(1004)
    expect((await answer(mallory, bob, -1)).errCode).toBe(1004)
  })

  it('refuses callers other than the receiver of the request and app administrators', async () => {
    await ask(alice, bob)
    expect((await answer(alice, bob, 1, {}, alice)).errCode).toBe(1002)
    expect((await answer(alice, bob, 1, {}, mallory)).errCode).toBe(1002)
    const byAdmin = await post('/friend/add_friend_response', { ...between(), handleResult: 1 }, await adminToken())
    expect(byAdmin).toEqual(OK)
    expect(await friendsOf(alice)).toEqual([bob.userID])
    await expectSameListsAsFresh(alice, bob)
  })

  it.each([0, 2, '1', null])('refuses handleResult %s with error 1001', async (handleResult) => {
    await ask(alice, bob)
    expect((await answer(alice, bob, handleResult as number)).errCode).toBe(1001)
  })
})

describe('a list of friend requests', () => {
  it('has the newest request first, and can be read by page and by result', async () => {
    const [carol, dave] = (await cast('carol', 'dave')) as [FriendShadow, FriendShadow]
    for (const from of [alice, carol, dave]) {
      await ask(from, bob)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await answer(carol, bob, -1)
    const names = (rows: { fromUserID: string }[]) => rows.map((row) => row.fromUserID)
    expect(names((await received(bob)).FriendRequests)).toEqual([dave.userID, carol.userID, alice.userID])
    const pending = await received(bob, { handleResults: [0] })
    expect([names(pending.FriendRequests), pending.total]).toEqual([[dave.userID, alice.userID], 2])
    const answered = await received(bob, { handleResults: [1, -1] })
    expect([names(answered.FriendRequests), answered.total]).toEqual([[carol.userID], 1])
    const second = await received(bob, { pagination: { pageNumber: 2, showNumber: 2 } })
    expect([names(second.FriendRequests), second.total]).toEqual([[alice.userID], 3])
    const none = await received(bob, { pagination: { pageNumber: 1, showNumber: 0 } })
    expect(none).toEqual({ FriendRequests: [], total: 3 })
    expect((await made(carol, { handleResults: [0] })).total).toBe(0)
  })

  it('counts the pending requests that were made after a time', async () => {
    const count = async (time?: number) =>
      (await bob.call('get_self_unhandled_apply_count', { userID: bob.userID, time })).data
    expect(await count()).toEqual({ count: 0 })
    await ask(alice, bob)
    await new Promise((resolve) => setTimeout(resolve, 2))
    await ask(mallory, bob)
    expect(await count()).toEqual({ count: 2 })
    const { createTime } = (await received(bob)).FriendRequests[1]
    expect(await count(createTime)).toEqual({ count: 1 })
    await answer(mallory, bob, -1)
    expect(await count(0)).toEqual({ count: 1 })
    expect(await count(createTime)).toEqual({ count: 0 })
  })

  it('can be read for two users, in either order', async () => {
    await ask(alice, bob)
    const swapped = { fromUserID: bob.userID, toUserID: alice.userID }
    for (const pair of [between(), swapped]) {
      const { data } = await bob.call('get_designated_friend_apply', pair)
      expect(data.friendRequests).toMatchObject([between()])
    }
    const { data } = await alice.call('get_designated_friend_apply', { ...between(), toUserID: mallory.userID })
    expect(data).toEqual({ friendRequests: [] })
  })

  it.each([
    ['get_friend_apply_list', () => ({ userID: alice.userID, ...PAGE })],
    ['get_self_friend_apply_list', () => ({ userID: alice.userID, ...PAGE })],
    ['get_self_unhandled_apply_count', () => ({ userID: alice.userID })],
    ['get_designated_friend_apply', () => between()],
  ])('is refused to callers other than the users concerned and app administrators: %s', async (verb, body) => {
    expect((await mallory.call(verb, body())).errCode).toBe(1002)
    expect((await alice.call(verb, body())).errCode).toBe(0)
    expect((await post(`/friend/${verb}`, body(), await adminToken())).errCode).toBe(0)
  })

  it.each([
    ['no page', { pagination: null }],
    ['page 0', { pagination: { pageNumber: 0, showNumber: 1 } }],
    ['a page that is too large', { pagination: { pageNumber: 1, showNumber: 1_001 } }],
    ['a result that is a text', { handleResults: ['0'] }],
    ['no userID', { userID: '' }],
  ])('refuses %s with error 1001', async (_what, given) => {
    for (const verb of ['get_friend_apply_list', 'get_self_friend_apply_list']) {
      expect((await alice.call(verb, { userID: alice.userID, ...PAGE, ...given })).errCode).toBe(1001)
    }
  })
})

describe('a friend request with concurrent calls', () => {
  it('takes the answer of one of two devices that agree and refuse, and notifies once', async () => {
    for (let round = 0; round < 5; round++) {
      const [zoe] = (await cast(`zoe${round}`)) as [FriendShadow]
      await ask(zoe, bob)
      const answers = await Promise.all([answer(zoe, bob, 1), answer(zoe, bob, -1)])
      const codes = answers.map(({ errCode }) => errCode)
      expect([
        [0, 1305],
        [1001, 0],
      ]).toContainEqual(codes)
      const kinds = [
        ContentType.FriendApplicationApprovedNotification,
        ContentType.FriendApplicationRejectedNotification,
      ]
      const [told = 0, untold = 0] = codes[0] === 0 ? kinds : kinds.toReversed()
      await until(() => zoe.notificationsOf(told).length === 1)
      await waitForStrayPushes()
      expect([zoe.notificationsOf(told).length, zoe.notificationsOf(untold).length]).toEqual([1, 0])
      await expectSameListsAsFresh(zoe)
    }
    await expectSameListsAsFresh(bob)
  })

  it('is not pending after a user asks again while the other user agrees', async () => {
    for (let round = 0; round < 5; round++) {
      const [zoe] = (await cast(`zoe${round}`)) as [FriendShadow]
      await ask(zoe, bob)
      const [again, agreed] = await Promise.all([ask(zoe, bob), answer(zoe, bob, 1)])
      expect([again.errCode === 0 || again.errCode === 1304, agreed.errCode]).toEqual([true, 0])
      expect((await received(bob, { handleResults: [0] })).FriendRequests).toEqual([])
      await expectSameListsAsFresh(zoe)
    }
  })
})
