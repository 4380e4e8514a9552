import { beforeEach, describe, expect, it } from 'vitest'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { cast, expectSameListsAsFresh, type FriendShadow, waitForStrayPushes } from '../../rigs/friend-shadow.ts'
import { adminToken, bindings, post, until } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }
const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

let alice: FriendShadow
let bob: FriendShadow
let carol: FriendShadow
let mallory: FriendShadow

beforeEach(async () => {
  ;[alice, bob, carol, mallory] = (await cast('alice', 'bob', 'carol', 'mallory')) as [
    FriendShadow,
    FriendShadow,
    FriendShadow,
    FriendShadow,
  ]
})

const admin = async (verb: string, body: object) => post(`/friend/${verb}`, body, await adminToken())
const importFriends = (owner: FriendShadow, ...friends: FriendShadow[]) =>
  admin('import_friend', { ownerUserID: owner.userID, friendUserIDs: friends.map(({ userID }) => userID) })
const friendsOf = async (who: FriendShadow): Promise<string[]> =>
  (await who.call('get_friend_id', { userID: who.userID })).data.friendIDs
const entry = async (owner: FriendShadow, friend: FriendShadow) =>
  (await owner.call('get_designated_friends', { ownerUserID: owner.userID, friendUserIDs: [friend.userID] })).data
    .friendsInfo[0]
const update = (given: object, as = alice) =>
  as.call('update_friends', { ownerUserID: alice.userID, friendUserIDs: [bob.userID], ...given })

describe('import_friend', () => {
  it('makes friends on both sides, and notifies all users as if there had been requests', async () => {
    expect(await importFriends(alice, bob, carol)).toEqual(OK)
    expect(await friendsOf(alice)).toEqual([bob.userID, carol.userID])
    expect(await friendsOf(bob)).toEqual([alice.userID])
    expect(await entry(carol, alice)).toMatchObject({ addSource: 1, operatorUserID: 'imAdmin', remark: '' })
    await until(
      () =>
        alice.notifications().length === 2 && bob.notifications().length === 1 && carol.notifications().length === 1,
    )
    expect(bob.notifications()).toMatchObject([
      {
        contentType: ContentType.FriendApplicationApprovedNotification,
        from: bob.userID,
        to: alice.userID,
        detail: {
          fromToUserID: { fromUserID: alice.userID, toUserID: bob.userID },
          friendVersion: 0,
          friendVersionID: '',
          request: { fromUserID: alice.userID, toUserID: bob.userID, handleResult: 1 },
        },
      },
    ])
    expect(
      alice
        .notifications()
        .map(({ from }) => from)
        .sort(),
    ).toEqual([bob.userID, carol.userID])
    await expectSameListsAsFresh(alice, bob, carol)
    expect(mallory.notifications()).toEqual([])
  })

  it('increases the version of every list by 1, however many friends it adds', async () => {
    await importFriends(alice, bob, carol)
    for (const who of [alice, bob, carol]) {
      const { data } = await who.call('get_full_friend_user_ids', { userID: who.userID, idHash: 0 })
      expect(data.version).toBe(2)
    }
  })

  it('keeps existing entries', async () => {
    await importFriends(alice, bob)
    await update({ remark: 'Bobby' })
    expect(await importFriends(alice, bob, carol)).toEqual(OK)
    expect(await entry(alice, bob)).toMatchObject({ remark: 'Bobby' })
    await expectSameListsAsFresh(alice, bob, carol)
  })

  it('adds hundreds of friends in one call and notifies them through the queue', async () => {
    const prefix = `crowd_${alice.userID}`
    await bindings.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 297)
       INSERT INTO user SELECT ? || i, 'n', '', '', 0, 1, 0 FROM n`,
    )
      .bind(prefix)
      .run()
    const crowd = Array.from({ length: 298 }, (_, i) => `${prefix}${i}`)
    const friendUserIDs = [...crowd, bob.userID, carol.userID]
    expect(await admin('import_friend', { ownerUserID: alice.userID, friendUserIDs })).toEqual(OK)
    expect(await friendsOf(alice)).toHaveLength(300)
    expect(await friendsOf(bob)).toEqual([alice.userID])
    await until(() => bob.notifications().length === 1 && carol.notifications().length === 1)
    await expectSameListsAsFresh(bob, carol)
  }, 60_000)

  it('refuses the owner (error 1301), unknown users (1004), and repeated or missing userIDs (1001)', async () => {
    expect((await importFriends(alice, bob, alice)).errCode).toBe(1301)
    const ownerUserID = alice.userID
    expect((await admin('import_friend', { ownerUserID, friendUserIDs: [bob.userID, 'nobody'] })).errCode).toBe(1004)
    expect((await admin('import_friend', { ownerUserID: 'nobody', friendUserIDs: [bob.userID] })).errCode).toBe(1004)
    expect((await importFriends(alice, bob, bob)).errCode).toBe(1001)
    for (const friendUserIDs of [[], null, 'bob', Array.from({ length: 1_001 }, (_, i) => `u${i}`)]) {
      expect((await admin('import_friend', { ownerUserID, friendUserIDs })).errCode).toBe(1001)
    }
    expect(await friendsOf(bob)).toEqual([])
  })

  it('refuses callers who are not app administrators', async () => {
    const body = { ownerUserID: alice.userID, friendUserIDs: [bob.userID] }
    expect((await alice.call('import_friend', body)).errCode).toBe(1002)
  })
})

describe('delete_friend', () => {
  const remove = (as = alice) => as.call('delete_friend', { ownerUserID: alice.userID, friendUserID: bob.userID })

  it('notifies once when two devices remove the same friend at the same time', async () => {
    await importFriends(alice, bob)
    expect(await Promise.all([remove(), remove(), remove()])).toEqual([OK, OK, OK])
    await until(() => alice.notificationsOf(ContentType.FriendDeletedNotification).length > 0)
    await waitForStrayPushes()
    expect(alice.notificationsOf(ContentType.FriendDeletedNotification)).toHaveLength(1)
    await expectSameListsAsFresh(alice, bob)
  })

  it('removes the friend from the owner’s list only', async () => {
    await importFriends(alice, bob, carol)
    expect(await remove()).toEqual(OK)
    expect(await friendsOf(alice)).toEqual([carol.userID])
    expect(await friendsOf(bob)).toEqual([alice.userID])
    await until(() => alice.notifications().length === 3 && bob.notifications().length === 2)
    expect(bob.notifications()[1]).toEqual({
      contentType: ContentType.FriendDeletedNotification,
      conversationID: `n_${alice.userID}_${bob.userID}`,
      from: alice.userID,
      to: bob.userID,
      seq: 0,
      detail: {
        fromToUserID: { fromUserID: alice.userID, toUserID: bob.userID },
        friendVersion: 0,
        friendVersionID: '',
      },
    })
    expect(alice.notifications()[2]).toEqual(bob.notifications()[1])
    await expectSameListsAsFresh(alice, bob, carol)
  })

  it('succeeds without a notification when the user is not a friend', async () => {
    expect(await remove()).toEqual(OK)
    await waitForStrayPushes()
    expect([...alice.notifications(), ...bob.notifications()]).toEqual([])
    expect((await alice.call('delete_friend', { ownerUserID: alice.userID, friendUserID: 'nobody' })).errCode).toBe(0)
  })

  it('refuses callers other than the owner and app administrators, and a missing friendUserID', async () => {
    await importFriends(alice, bob)
    expect((await remove(mallory)).errCode).toBe(1002)
    expect((await remove(bob)).errCode).toBe(1002)
    expect((await alice.call('delete_friend', { ownerUserID: alice.userID })).errCode).toBe(1001)
    expect((await admin('delete_friend', { ownerUserID: alice.userID, friendUserID: bob.userID })).errCode).toBe(0)
    expect(await friendsOf(alice)).toEqual([])
    await expectSameListsAsFresh(alice, bob)
  })
})

describe('update_friends', () => {
  beforeEach(async () => {
    await importFriends(alice, bob)
    await importFriends(alice, carol)
    // Wait for these notifications: a client that misses them would append bob's entry, which changes last, at the end.
    await until(
      () =>
        alice.notifications().length === 2 && bob.notifications().length === 1 && carol.notifications().length === 1,
    )
    await expectSameListsAsFresh(alice, bob)
  })

  it('changes the given fields, keeps null fields and clears empty fields', async () => {
    expect(await update({ remark: 'Bobby', ex: 'e' })).toEqual(OK)
    expect(await update({ remark: null, ex: '' })).toEqual(OK)
    expect(await entry(alice, bob)).toMatchObject({ remark: 'Bobby', ex: '', isPinned: false })
    await expectSameListsAsFresh(alice, bob)
  })

  it('lists pinned friends first, on all devices of the owner', async () => {
    expect(await friendsOf(alice)).toEqual([bob.userID, carol.userID])
    await alice.call('update_friends', {
      ownerUserID: alice.userID,
      friendUserIDs: [carol.userID],
      isPinned: true,
    })
    expect(await friendsOf(alice)).toEqual([carol.userID, bob.userID])
    await expectSameListsAsFresh(alice)
    await alice.call('update_friends', { ownerUserID: alice.userID, friendUserIDs: [carol.userID], isPinned: false })
    await expectSameListsAsFresh(alice)
    expect((await alice.known()).order).toEqual([bob.userID, carol.userID])
  })

  it('notifies only the owner’s devices', async () => {
    await update({ remark: 'Bobby' })
    await until(() => alice.notifications().length === 3)
    expect(alice.notifications()[2]).toEqual({
      contentType: ContentType.FriendsInfoUpdateNotification,
      conversationID: `n_${alice.userID}_${alice.userID}`,
      from: alice.userID,
      to: alice.userID,
      seq: 0,
      detail: {
        fromToUserID: { fromUserID: alice.userID, toUserID: alice.userID },
        friendIDs: [bob.userID],
        friendVersion: 0,
        friendVersionID: '',
      },
    })
    await waitForStrayPushes()
    expect(bob.notifications()).toHaveLength(1)
  })

  it('skips users who are not friends, and does nothing without a field', async () => {
    const version = async () =>
      (await alice.call('get_full_friend_user_ids', { userID: alice.userID, idHash: 0 })).data.version
    const before = await version()
    expect(await update({})).toEqual(OK)
    expect(await update({ friendUserIDs: [mallory.userID], remark: 'x' })).toEqual(OK)
    expect(await version()).toBe(before)
    expect(await update({ friendUserIDs: [mallory.userID, bob.userID], remark: 'x' })).toEqual(OK)
    expect(await version()).toBe(before + 1)
    expect(await friendsOf(mallory)).toEqual([])
    await expectSameListsAsFresh(alice)
  })

  it('refuses callers other than the owner and app administrators', async () => {
    expect((await update({ remark: 'x' }, mallory)).errCode).toBe(1002)
    const body = { ownerUserID: alice.userID, friendUserIDs: [bob.userID], remark: 'by admin' }
    expect((await admin('update_friends', body)).errCode).toBe(0)
    await expectSameListsAsFresh(alice)
  })

  it.each([
    ['no userIDs', { friendUserIDs: [] }],
    ['a repeated userID', { friendUserIDs: ['x', 'x'] }],
    ['a remark that is a number', { remark: 1 }],
    ['a remark that is too long', { remark: 'x'.repeat(256) }],
    ['an isPinned that is a number', { isPinned: 1 }],
    ['an ex that is too long', { ex: 'x'.repeat(8_193) }],
  ])('refuses %s with error 1001', async (_what, given) => {
    expect((await update(given)).errCode).toBe(1001)
  })
})

describe('set_friend_remark', () => {
  const setRemark = (given: object = {}, as = alice) =>
    as.call('set_friend_remark', { ownerUserID: alice.userID, friendUserID: bob.userID, remark: 'Bobby', ...given })

  it('sets the remark and notifies both users', async () => {
    await importFriends(alice, bob)
    await until(() => alice.notifications().length === 1 && bob.notifications().length === 1)
    expect(await setRemark()).toEqual(OK)
    expect(await entry(alice, bob)).toMatchObject({ remark: 'Bobby' })
    await until(() => alice.notifications().length === 2 && bob.notifications().length === 2)
    expect(bob.notifications()[1]).toMatchObject({
      contentType: ContentType.FriendRemarkSetNotification,
      detail: { fromToUserID: { fromUserID: alice.userID, toUserID: bob.userID } },
    })
    expect(JSON.stringify(bob.notifications()[1])).not.toContain('Bobby')
    expect(await setRemark({ remark: '' })).toEqual(OK)
    expect(await entry(alice, bob)).toMatchObject({ remark: '' })
    await expectSameListsAsFresh(alice, bob)
  })

  it('refuses users who are not friends (error 1004), other callers (1002) and bad remarks (1001)', async () => {
    expect((await setRemark()).errCode).toBe(1004)
    await importFriends(alice, bob)
    expect((await setRemark({}, mallory)).errCode).toBe(1002)
    expect((await setRemark({ remark: 1 })).errCode).toBe(1001)
    expect((await setRemark({ remark: 'x'.repeat(256) })).errCode).toBe(1001)
  })
})

describe('a call that reads friends', () => {
  it('returns the friendship from each side (is_friend)', async () => {
    await importFriends(alice, bob)
    await alice.call('delete_friend', { ownerUserID: alice.userID, friendUserID: bob.userID })
    const pair = { userID1: alice.userID, userID2: bob.userID }
    expect((await alice.call('is_friend', pair)).data).toEqual({ inUser1Friends: false, inUser2Friends: true })
    expect((await bob.call('is_friend', pair)).data).toEqual({ inUser1Friends: false, inUser2Friends: true })
    expect((await mallory.call('is_friend', pair)).errCode).toBe(1002)
    expect((await admin('is_friend', pair)).errCode).toBe(0)
    expect((await alice.call('is_friend', { userID1: alice.userID })).errCode).toBe(1001)
  })

  it('returns friend, block, both or neither, with times in ms (get_specified_friends_info)', async () => {
    await importFriends(alice, bob)
    await alice.call('add_black', { ownerUserID: alice.userID, blackUserID: bob.userID, ex: 'b' })
    await alice.call('add_black', { ownerUserID: alice.userID, blackUserID: carol.userID })
    const ask = (userIDList: unknown, as = alice) =>
      as.call('get_specified_friends_info', { ownerUserID: alice.userID, userIDList })
    const { data } = await ask([mallory.userID, bob.userID, 'nobody', carol.userID])
    expect(data.infos).toMatchObject([
      { userInfo: { userID: mallory.userID }, friendInfo: null, blackInfo: null },
      { userInfo: { userID: bob.userID } },
      { userInfo: { userID: carol.userID }, friendInfo: null, blackInfo: { ownerUserID: alice.userID } },
    ])
    const { friendInfo, blackInfo } = data.infos[1]
    expect(friendInfo).toEqual({
      ownerUserID: alice.userID,
      remark: '',
      createTime: expect.any(Number),
      friendUser: null,
      addSource: 1,
      operatorUserID: 'imAdmin',
      ex: '',
      isPinned: false,
    })
    expect(blackInfo).toEqual({
      ownerUserID: alice.userID,
      createTime: expect.any(Number),
      blackUserInfo: null,
      addSource: 0,
      operatorUserID: alice.userID,
      ex: 'b',
    })
    for (const { createTime } of [friendInfo, blackInfo]) expect(createTime).toBeGreaterThan(1_700_000_000_000)
    expect((await ask([bob.userID], mallory)).errCode).toBe(1002)
    for (const list of [[], null, [bob.userID, bob.userID]]) expect((await ask(list)).errCode).toBe(1001)
  })

  it('refuses callers other than the user and app administrators (get_friend_id)', async () => {
    await importFriends(alice, bob)
    expect((await mallory.call('get_friend_id', { userID: alice.userID })).errCode).toBe(1002)
    expect((await admin('get_friend_id', { userID: alice.userID })).data).toEqual({ friendIDs: [bob.userID] })
    expect((await alice.call('get_friend_id', {})).errCode).toBe(1001)
  })

  it('returns the friends in pages (get_friend_list)', async () => {
    await importFriends(alice, bob)
    await importFriends(alice, carol)
    const list = async (pageNumber: number) =>
      (await alice.call('get_friend_list', { userID: alice.userID, pagination: { pageNumber, showNumber: 1 } })).data
    expect(await list(2)).toMatchObject({ total: 2, friendsInfo: [{ friendUser: { userID: carol.userID } }] })
    expect((await alice.call('get_friend_list', { userID: alice.userID, ...PAGE })).data.friendsInfo).toHaveLength(2)
  })
})
