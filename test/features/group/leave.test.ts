import { beforeEach, describe, expect, it } from 'vitest'
import {
  cast,
  createTestGroup,
  expectNotified,
  expectSameGroupsAsFresh,
  type GroupShadow,
} from '../../rigs/group-shadow.ts'
import { adminToken, post, register, until } from '../../rigs/rig.ts'

let groupID: string
let olga: GroupShadow
let adam: GroupShadow
let eve: GroupShadow
let mia: GroupShadow
let max: GroupShadow
let stranger: GroupShadow

beforeEach(async () => {
  ;({ olga, adam, eve, mia, max, stranger } = await cast('olga', 'adam', 'eve', 'mia', 'max', 'stranger'))
  groupID = await createTestGroup(olga, { admins: [adam, eve], members: [mia, max] })
})

const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const kick = (by: GroupShadow, ...kicked: GroupShadow[]) =>
  by.call('kick_group', { groupID, reason: 'r', kickedUserIDs: kicked.map(({ userID }) => userID) })
const memberIDs = async () => (await asApp('get_group_member_user_id', { groupID })).data.userIDs

const userIDOf = ({ userID }: { userID: string }) => userID

describe('quit_group', () => {
  it('notifies the other members and the leaving user, also in the chat (notification 1504)', async () => {
    expect(await mia.call('quit_group', { groupID, userID: mia.userID })).toEqual({
      errCode: 0,
      errMsg: '',
      errDlt: '',
    })
    const { detail, from } = await expectNotified(1504, [olga, adam, eve, max, mia], [stranger])
    expect(from).toBe(mia.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 4 },
      quitUser: { userID: mia.userID, nickname: `nick of ${mia.userID}`, roleLevel: 20 },
    })
    expect([olga, mia].map((shadow) => shadow.inChat(1504).map(({ seq }) => seq))).toEqual([[2], [2]])
    expect(await memberIDs()).not.toContain(mia.userID)
    expect((await mia.call('get_group_member_user_id', { groupID })).errCode).toBe(1002)
  })

  it('refuses to remove other users, except when an app administrator calls', async () => {
    expect((await olga.call('quit_group', { groupID, userID: mia.userID })).errCode).toBe(1002)
    expect((await asApp('quit_group', { groupID, userID: mia.userID })).errCode).toBe(0)
    const { from } = await expectNotified(1504, [olga, adam, eve, max, mia], [stranger])
    expect(from).toBe(mia.userID)
  })

  it('refuses the owner, users who are not members and groups that do not exist', async () => {
    expect((await olga.call('quit_group', { groupID })).errCode).toBe(1002)
    expect((await asApp('quit_group', { groupID, userID: olga.userID })).errCode).toBe(1002)
    expect((await stranger.call('quit_group', { groupID })).errCode).toBe(1004)
    expect((await mia.call('quit_group', { groupID: 'nowhere' })).errCode).toBe(1004)
    expect((await mia.call('quit_group', { groupID: '' })).errCode).toBe(1001)
    expect((await asApp('quit_group', { groupID, userID: 'nobody_at_all' })).errCode).toBe(1004)
    expect(await memberIDs()).toHaveLength(5)
    await expectNotified(1504, [], [olga, adam, eve, mia, max, stranger])
  })
})

describe('kick_group', () => {
  it('notifies the other members and the kicked users, also in the chat (notification 1508)', async () => {
    expect((await kick(adam, mia, max)).errCode).toBe(0)
    const { detail, from } = await expectNotified(1508, [olga, adam, eve, mia, max], [stranger])
    expect(from).toBe(adam.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 3 },
      opUser: { userID: adam.userID, roleLevel: 60 },
      kickedUserList: [{ userID: mia.userID }, { userID: max.userID }],
    })
    expect([olga, mia].map((shadow) => shadow.inChat(1508).map(({ seq }) => seq))).toEqual([[2], [2]])
    expect(await memberIDs()).toEqual([olga.userID, adam.userID, eve.userID])
  })

  it('adds no message to the chat when sendMessage is false', async () => {
    await olga.call('kick_group', { groupID, kickedUserIDs: [mia.userID], sendMessage: false })
    await expectNotified(1508, [olga, adam, eve, max, mia])
    expect([olga, mia].map((shadow) => shadow.inChat(1508))).toEqual([[], []])
  })

  it.each<[string, () => GroupShadow | null, () => GroupShadow[], number]>([
    ['the owner kicks an administrator', () => olga, () => [adam, mia], 0],
    ['the owner kicks themselves', () => olga, () => [olga], 1001],
    ['an administrator kicks a member', () => adam, () => [mia], 0],
    ['an administrator kicks another administrator', () => adam, () => [mia, eve], 1002],
    ['an administrator kicks the owner', () => adam, () => [mia, olga], 1001],
    ['an administrator kicks themselves', () => adam, () => [adam], 1001],
    ['a member kicks a member', () => mia, () => [max], 1002],
    ['a stranger kicks a member', () => stranger, () => [max], 1002],
    ['an app administrator kicks an administrator', () => null, () => [adam, mia], 0],
    ['an app administrator kicks the owner', () => null, () => [olga], 1001],
    ['the owner kicks a stranger', () => olga, () => [mia, stranger], 1101],
    ['the owner names a member twice', () => olga, () => [mia, mia], 1001],
    ['the owner names no member', () => olga, () => [], 1001],
  ])('checks the caller’s rights: %s', async (_case, by, targets, code) => {
    const before = await memberIDs()
    const kickedUserIDs = targets().map(({ userID }) => userID)
    const caller = by()
    const reply = await (caller ? kick(caller, ...targets()) : asApp('kick_group', { groupID, kickedUserIDs }))
    expect(reply.errCode).toBe(code)
    const left = code === 0 ? kickedUserIDs : []
    expect(await memberIDs()).toEqual(before.filter((userID: string) => !left.includes(userID)))
    if (code !== 0) await expectNotified(1508, [], [olga, adam, eve, mia, max, stranger])
  })

  it('refuses groups that do not exist and more than 1,000 userIDs', async () => {
    expect((await olga.call('kick_group', { groupID: 'nowhere', kickedUserIDs: [mia.userID] })).errCode).toBe(1004)
    const kickedUserIDs = Array.from({ length: 1_001 }, (_, i) => `u${i}`)
    expect((await olga.call('kick_group', { groupID, kickedUserIDs })).errCode).toBe(1001)
  })

  it('sends each of many kicked members only the notification that names the member', async () => {
    const crowd = Array.from({ length: 60 }, (_, i) => `guest_${olga.userID}_${i}`)
    await register(...crowd)
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: crowd })
    await expectSameGroupsAsFresh(mia, max, olga)
    const kickedUserIDs = [max.userID, ...crowd, mia.userID]
    expect((await olga.call('kick_group', { groupID, kickedUserIDs })).errCode).toBe(0)
    await expectNotified(1508, [max, mia], [stranger])
    for (const shadow of [max, mia]) {
      const names = shadow.notifications(1508).flatMap(({ detail }) => detail.kickedUserList.map(userIDOf))
      expect(names).toContain(shadow.userID)
    }
    await expectNotified(1508, [adam, eve], [], 2)
    await expectSameGroupsAsFresh(max, mia, adam, olga)
  })

  it('names each of many kicked members, 50 per notification', async () => {
    const crowd = Array.from({ length: 120 }, (_, i) => `guest_${olga.userID}_${i}`)
    await register(...crowd)
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: crowd })
    await expectSameGroupsAsFresh(mia)
    mia.asked = 0
    expect((await olga.call('kick_group', { groupID, kickedUserIDs: crowd })).errCode).toBe(0)
    await until(() => mia.notifications(1508).length === 3)
    expect(mia.notifications(1508).map(({ detail }) => detail.kickedUserList.length)).toEqual([50, 50, 20])
    await expectSameGroupsAsFresh(mia, olga)
    expect(mia.asked).toBe(0)
    expect(await memberIDs()).toHaveLength(5)
  })
})
