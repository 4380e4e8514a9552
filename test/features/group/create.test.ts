import { beforeEach, describe, expect, it } from 'vitest'
import { cast, createTestGroup, expectNotified, expectSameGroupsAsFresh, GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, bindings, post, register, until } from '../../rigs/rig.ts'

let olga: GroupShadow
let adam: GroupShadow
let mia: GroupShadow
let stranger: GroupShadow

beforeEach(async () => {
  ;({ olga, adam, mia, stranger } = await cast('olga', 'adam', 'mia', 'stranger'))
})

const wanted = (given: object = {}, info: object = {}) => ({
  ownerUserID: olga.userID,
  adminUserIDs: [adam.userID],
  memberUserIDs: [mia.userID],
  groupInfo: { groupName: 'Friends', groupType: 2, ...info },
  ...given,
})

const create = (given: object = {}, info: object = {}) => olga.call('create_group', wanted(given, info))

const countRows = async (table: string): Promise<unknown> =>
  bindings.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first('n')

describe('create_group', () => {
  it('returns the group with its number of members and a 32-bit groupID', async () => {
    const { errCode, data } = await create({}, { introduction: 'i', faceURL: 'f', ex: 'x', creatorUserID: olga.userID })
    expect(errCode).toBe(0)
    expect(data.groupInfo).toEqual({
      ...{ groupID: expect.stringMatching(/^\d{1,10}$/), groupName: 'Friends', notification: '', introduction: 'i' },
      ...{ faceURL: 'f', ownerUserID: olga.userID, createTime: expect.any(Number), memberCount: 3, ex: 'x', status: 0 },
      ...{ creatorUserID: olga.userID, groupType: 2, needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 },
      ...{ notificationUpdateTime: 0, notificationUserID: '' },
    })
    const info = await olga.call('get_groups_info', { groupIDs: [data.groupInfo.groupID] })
    expect(info.data.groupInfos).toEqual([data.groupInfo])
  })

  it('adds all users with their roles, each as invited by the creator', async () => {
    const groupID = await createTestGroup(olga, { admins: [adam], members: [mia] })
    const members = (await mia.fresh()).members[groupID] ?? {}
    expect(Object.values(members).map(({ userID, roleLevel }) => [userID, roleLevel])).toEqual([
      [olga.userID, 100],
      [adam.userID, 60],
      [mia.userID, 20],
    ])
    for (const member of Object.values(members)) {
      expect(member).toMatchObject({ joinSource: 2, inviterUserID: olga.userID, operatorUserID: olga.userID })
    }
    await expectSameGroupsAsFresh(olga, adam, mia, stranger)
  })

  it('notifies only the members, and notification 1501 is the first message of the chat', async () => {
    const { data } = await create()
    const { groupID } = data.groupInfo
    const { detail, conversationID, from, to, seq } = await expectNotified(1501, [mia, olga, adam], [stranger])
    expect({ conversationID, from, to, seq }).toEqual({
      ...{ conversationID: `n_${groupID}`, from: olga.userID, to: groupID, seq: 0 },
    })
    expect(detail).toMatchObject({
      group: data.groupInfo,
      opUser: { userID: olga.userID, roleLevel: 100, nickname: `nick of ${olga.userID}` },
      groupOwnerUser: { userID: olga.userID, roleLevel: 100 },
      memberList: [{ userID: olga.userID }, { userID: adam.userID, roleLevel: 60 }, { userID: mia.userID }],
      operationTime: expect.any(Number),
    })
    for (const shadow of [olga, adam, mia]) {
      expect(shadow.inChat(1501).map((copy) => [copy.conversationID, copy.seq])).toEqual([[`sg_${groupID}`, 1]])
    }
  })

  it.each([
    [false, 0],
    [true, 1],
    [null, 1],
  ])(
    'adds the notification to the chat unless sendMessage is false: sendMessage %s, %d messages',
    async (sendMessage, copies) => {
      await create({ sendMessage })
      await expectNotified(1501, [olga, adam, mia])
      expect([olga, adam, mia].map((shadow) => shadow.inChat(1501).length)).toEqual([copies, copies, copies])
    },
  )

  it('sends notification 1519 as well when the request contains an announcement', async () => {
    const { data } = await create({}, { notification: 'welcome' })
    expect(data.groupInfo).toMatchObject({ notification: 'welcome', notificationUserID: olga.userID })
    expect(data.groupInfo.notificationUpdateTime).toBe(data.groupInfo.createTime)
    const { detail, senderNickname } = await expectNotified(1519, [mia, olga, adam], [stranger])
    expect(detail.group).toEqual(data.groupInfo)
    expect(senderNickname).toBe(`nick of ${olga.userID}`)
    expect(mia.inChat().map(({ contentType, seq }) => [contentType, seq])).toEqual([
      [1501, 1],
      [1519, 2],
    ])
  })

  it('names the app administrator as the actor and the given user as the owner', async () => {
    const reply = await post('/group/create_group', wanted(), await adminToken())
    expect(reply.data.groupInfo).toMatchObject({ ownerUserID: olga.userID, memberCount: 3 })
    const { detail, from } = await expectNotified(1501, [olga, adam, mia])
    expect(from).toBe('imAdmin')
    expect(detail.opUser).toMatchObject({ userID: 'imAdmin', roleLevel: 60, appMangerLevel: 2 })
    await expectSameGroupsAsFresh(olga, adam, mia)
  })

  it('accepts a given groupID when it is free', async () => {
    const groupID = `own_${olga.userID}`
    expect((await create({}, { groupID })).data.groupInfo.groupID).toBe(groupID)
    expect((await create({}, { groupID })).errCode).toBe(1202)
  })

  it('creates a group that has only an owner', async () => {
    const reply = await create({ adminUserIDs: null, memberUserIDs: null })
    expect(reply.data.groupInfo.memberCount).toBe(1)
  })

  it('names 50 members in the notification, and adds all users when there are more', async () => {
    const userIDs = Array.from({ length: 60 }, (_, i) => `crowd_${olga.userID}_${i}`)
    await register(...userIDs)
    const last = await GroupShadow.online(userIDs.at(-1) ?? '')
    const reply = await create({ memberUserIDs: userIDs })
    expect(reply.data.groupInfo.memberCount).toBe(62)
    await until(() => last.notifications(1501).length === 1)
    expect(last.notifications(1501)[0]?.detail.memberList).toHaveLength(50)
    await expectSameGroupsAsFresh(last, olga)
  })

  it.each<[string, number, () => [object, object?]]>([
    ['with another user as the owner', 1002, () => [{ ownerUserID: mia.userID, memberUserIDs: [] }]],
    ['without an owner', 1001, () => [{ ownerUserID: '' }]],
    ['with an owner who is also a member', 1001, () => [{ memberUserIDs: [olga.userID] }]],
    ['with a user named twice', 1001, () => [{ memberUserIDs: [mia.userID, mia.userID] }]],
    ['with an administrator who is also a member', 1001, () => [{ memberUserIDs: [adam.userID] }]],
    ['with an unknown user', 1101, () => [{ memberUserIDs: ['nobody_at_all'] }]],
    ['of another type', 1001, () => [{}, { groupType: 0 }]],
    ['without a groupInfo', 1001, () => [{ groupInfo: null }]],
    ['with too long a name', 1001, () => [{}, { groupName: 'x'.repeat(256) }]],
    ['with too long an announcement', 1001, () => [{}, { notification: 'x'.repeat(16_385) }]],
    ['with too long an ex', 1001, () => [{}, { ex: 'x'.repeat(8_193) }]],
    ['with an unknown verification', 1001, () => [{}, { needVerification: 3 }]],
    ['with too many members', 1001, () => [{ memberUserIDs: Array.from({ length: 1_001 }, (_, i) => `u${i}`) }]],
  ])('refuses a group %s with %d and stores no row', async (_what, code, given) => {
    const before = [await countRows('chat_group'), await countRows('group_member')]
    const reply = await create(...given())
    expect(reply.errCode).toBe(code)
    expect(reply).not.toHaveProperty('data')
    expect([await countRows('chat_group'), await countRows('group_member')]).toEqual(before)
    await expectNotified(1501, [], [olga, adam, mia, stranger])
  })
})
