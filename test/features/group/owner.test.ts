import { beforeEach, describe, expect, it } from 'vitest'
import {
  cast,
  createTestGroup,
  expectNotified,
  expectSameGroupsAsFresh,
  type GroupShadow,
} from '../../rigs/group-shadow.ts'
import { adminToken, post } from '../../rigs/rig.ts'

let groupID: string
let olga: GroupShadow
let adam: GroupShadow
let mia: GroupShadow
let stranger: GroupShadow

beforeEach(async () => {
  ;({ olga, adam, mia, stranger } = await cast('olga', 'adam', 'mia', 'stranger'))
  groupID = await createTestGroup(olga, { admins: [adam], members: [mia] })
})

const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const handOver = (to: GroupShadow, by = olga, from = olga) =>
  by.call('transfer_group', { groupID, oldOwnerUserID: from.userID, newOwnerUserID: to.userID })
const rolesNow = async () => {
  const { data } = await asApp('get_group_member_list', { groupID, pagination: { pageNumber: 1, showNumber: 100 } })
  return Object.fromEntries(data.members.map((m: { userID: string; roleLevel: number }) => [m.userID, m.roleLevel]))
}
const group = async () => (await olga.call('get_groups_info', { groupIDs: [groupID] })).data.groupInfos[0]

describe('transfer_group', () => {
  it.each([
    ['a member', () => mia, 20],
    ['an administrator', () => adam, 60],
  ])('swaps the roles of the old owner and the new owner, who was %s', async (_who, to, role) => {
    expect(await handOver(to())).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await rolesNow()).toMatchObject({ [to().userID]: 100, [olga.userID]: role })
    expect((await group()).ownerUserID).toBe(to().userID)
    const { detail, from } = await expectNotified(1507, [mia, olga, adam], [stranger])
    expect(from).toBe(olga.userID)
    expect(detail).toMatchObject({
      group: { ownerUserID: to().userID, memberCount: 3 },
      opUser: { userID: olga.userID },
      newGroupOwner: { userID: to().userID, roleLevel: 100 },
      oldGroupOwner: olga.userID,
      oldGroupOwnerInfo: { userID: olga.userID, roleLevel: role },
      operationTime: expect.any(Number),
    })
    expect(mia.inChat(1507)).toHaveLength(1)
    await expectNotified(1513, [], [mia, olga, adam])
  })

  it('cancels the mute of the new owner (notification 1513) before the transfer', async () => {
    await olga.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 600 })
    await handOver(mia)
    const { detail } = await expectNotified(1513, [mia, olga, adam], [stranger])
    expect(detail.mutedUser).toMatchObject({ userID: mia.userID, muteEndTime: 0 })
    expect(mia.inChat().map(({ contentType }) => contentType)).toEqual([1501, 1512, 1513, 1507])
  })

  it.each<[string, number, () => Promise<{ errCode: number }>]>([
    ['by an administrator of the group', 1002, () => handOver(adam, adam)],
    ['by a member', 1002, () => handOver(mia, mia)],
    ['by a stranger', 1002, () => handOver(mia, stranger)],
    ['to a stranger', 1001, () => handOver(stranger)],
    ['to the owner', 1001, () => handOver(olga)],
    ['from a user who is not the owner', 1001, () => handOver(mia, olga, adam)],
    [
      'of an unknown group',
      1004,
      () => olga.call('transfer_group', { groupID: 'no', oldOwnerUserID: 'a', newOwnerUserID: 'b' }),
    ],
    ['without a new owner', 1001, () => olga.call('transfer_group', { groupID, oldOwnerUserID: olga.userID })],
  ])('refuses a transfer %s with %d', async (_what, code, act) => {
    const before = await rolesNow()
    expect((await act()).errCode).toBe(code)
    expect([await rolesNow(), (await group()).ownerUserID]).toEqual([before, olga.userID])
    await expectNotified(1507, [], [olga, adam, mia, stranger])
  })

  it('accepts app administrators as callers, and refuses a dismissed group', async () => {
    const body = { groupID, oldOwnerUserID: olga.userID, newOwnerUserID: mia.userID }
    expect((await asApp('transfer_group', body)).errCode).toBe(0)
    await mia.call('dismiss_group', { groupID })
    expect(
      (await asApp('transfer_group', { ...body, oldOwnerUserID: mia.userID, newOwnerUserID: olga.userID })).errCode,
    ).toBe(1204)
  })
})

describe('dismiss_group', () => {
  it('sends notification 1511 to the chat, and removes the group from every member’s list', async () => {
    expect(await olga.call('dismiss_group', { groupID, deleteMember: false })).toMatchObject({ errCode: 0 })
    const { detail, from } = await expectNotified(1511, [olga, adam, mia], [stranger])
    expect(from).toBe(olga.userID)
    expect(detail).toMatchObject({ group: { groupID, status: 2 }, opUser: { userID: olga.userID } })
    expect([olga, mia].map((shadow) => shadow.inChat(1511).map(({ seq }) => seq))).toEqual([[2], [2]])
    await expectSameGroupsAsFresh(olga, adam, mia)
    expect((await mia.known()).groups).toEqual({})
    expect(await group()).toMatchObject({ status: 2 })
    expect(await rolesNow()).toEqual({})
  })

  it('adds no message to the chat when sendMessage is false', async () => {
    await olga.call('dismiss_group', { groupID, sendMessage: false })
    await expectNotified(1511, [olga, adam, mia])
    expect(mia.inChat(1511)).toEqual([])
  })

  it('sends no notification with deleteMember, even after an earlier dismissal', async () => {
    expect((await olga.call('dismiss_group', { groupID, deleteMember: true })).errCode).toBe(0)
    await expectNotified(1511, [], [olga, adam, mia])
    expect(await group()).toMatchObject({ status: 2 })
    expect((await asApp('dismiss_group', { groupID, deleteMember: true })).errCode).toBe(0)
  })

  it('refuses callers other than the owner and app administrators, and a second dismissal', async () => {
    for (const shadow of [adam, mia, stranger]) {
      expect((await shadow.call('dismiss_group', { groupID })).errCode).toBe(1002)
    }
    expect((await olga.call('dismiss_group', { groupID: 'nowhere' })).errCode).toBe(1004)
    expect(await group()).toMatchObject({ status: 0 })
    await expectNotified(1511, [], [olga, adam, mia, stranger])
    expect((await asApp('dismiss_group', { groupID })).errCode).toBe(0)
    expect((await asApp('dismiss_group', { groupID })).errCode).toBe(1204)
    await expectNotified(1511, [olga, adam, mia], [stranger])
  })

  it('does not free the groupID', async () => {
    await olga.call('dismiss_group', { groupID })
    const reply = await olga.call('create_group', { ownerUserID: olga.userID, groupInfo: { groupID, groupType: 2 } })
    expect(reply.errCode).toBe(1202)
  })
})
