import { beforeEach, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { cast, createTestGroup, expectNotified, type GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, post, textMessage } from '../../rigs/rig.ts'

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

const allMembers = () => [olga, adam, eve, mia, max]
const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const mute = (by: GroupShadow, target: GroupShadow, mutedSeconds = 600) =>
  by.call('mute_group_member', { groupID, userID: target.userID, mutedSeconds })
const unmute = (by: GroupShadow, target: GroupShadow) =>
  by.call('cancel_mute_group_member', { groupID, userID: target.userID })
const muteEnd = async (shadow: GroupShadow) =>
  (await olga.call('get_group_members_info', { groupID, userIDs: [shadow.userID] })).data.members[0].muteEndTime
/** The error code of a message from this user. */
const say = async (shadow: GroupShadow) => {
  const message = textMessage(shadow.userID, '', crypto.randomUUID(), 'hello', { sessionType: 3, groupID })
  return (await shadow.device.request(WsRequestID.SendMsg, message)).errCode
}

describe('mute_group_member', () => {
  it('refuses the member’s messages until the mute ends, and sends notification 1512 to the chat', async () => {
    const before = Date.now()
    expect((await mute(adam, mia)).errCode).toBe(0)
    expect(await say(mia)).toBe(1402)
    expect(await say(max)).toBe(0)
    const { detail, from } = await expectNotified(1512, allMembers(), [stranger])
    expect(from).toBe(adam.userID)
    expect(detail).toMatchObject({
      mutedSeconds: 600,
      opUser: { userID: adam.userID },
      mutedUser: { userID: mia.userID },
    })
    expect(detail.mutedUser.muteEndTime).toBe(await muteEnd(mia))
    expect(await muteEnd(mia)).toBeGreaterThanOrEqual(before + 600_000)
    expect(max.inChat(1512)).toHaveLength(1)
  })

  it('refuses the messages of muted administrators as well', async () => {
    await mute(olga, adam)
    expect(await say(adam)).toBe(1402)
  })

  it('is cancelled by cancel_mute_group_member, with notification 1513 in the chat', async () => {
    await mute(adam, mia)
    expect((await unmute(adam, mia)).errCode).toBe(0)
    expect(await say(mia)).toBe(0)
    expect(await muteEnd(mia)).toBe(0)
    const { detail } = await expectNotified(1513, allMembers(), [stranger])
    expect(detail.mutedUser).toMatchObject({ userID: mia.userID, muteEndTime: 0 })
    expect(max.inChat(1513)).toHaveLength(1)
  })

  it.each<[string, () => GroupShadow, () => GroupShadow, number]>([
    ['the owner mutes an administrator', () => olga, () => adam, 0],
    ['the owner mutes a member', () => olga, () => mia, 0],
    ['the owner mutes themselves', () => olga, () => olga, 1002],
    ['an administrator mutes a member', () => adam, () => mia, 0],
    ['an administrator mutes another administrator', () => adam, () => eve, 1002],
    ['an administrator mutes themselves', () => adam, () => adam, 1002],
    ['an administrator mutes the owner', () => adam, () => olga, 1002],
    ['a member mutes a member', () => mia, () => max, 1002],
    ['a stranger mutes a member', () => stranger, () => max, 1002],
    ['the owner mutes a stranger', () => olga, () => stranger, 1004],
  ])('checks the caller’s rights, also to cancel: %s', async (_case, by, target, code) => {
    expect((await mute(by(), target())).errCode).toBe(code)
    expect((await unmute(by(), target())).errCode).toBe(code)
    if (code !== 0) for (const kind of [1512, 1513]) await expectNotified(kind, [], [...allMembers(), stranger])
  })

  it('accepts a mute of the owner from app administrators, and the owner can still write', async () => {
    expect((await asApp('mute_group_member', { groupID, userID: olga.userID, mutedSeconds: 60 })).errCode).toBe(0)
    expect(await muteEnd(olga)).toBeGreaterThan(0)
    expect(await say(olga)).toBe(0)
    expect((await asApp('cancel_mute_group_member', { groupID, userID: olga.userID })).errCode).toBe(0)
  })

  it('refuses times outside 1 to 2^32 - 1 seconds, a missing user and an unknown group', async () => {
    for (const mutedSeconds of [0, -1, 1.5, 2 ** 32]) expect((await mute(olga, mia, mutedSeconds)).errCode).toBe(1001)
    expect((await mute(olga, mia, 2 ** 32 - 1)).errCode).toBe(0)
    expect((await olga.call('mute_group_member', { groupID, mutedSeconds: 1 })).errCode).toBe(1001)
    expect((await olga.call('mute_group_member', { groupID: 'no', userID: 'x', mutedSeconds: 1 })).errCode).toBe(1004)
  })
})

describe('mute_group', () => {
  const setMuted = (by: GroupShadow, verb = 'mute_group') => by.call(verb, { groupID })
  const status = async () => (await olga.call('get_groups_info', { groupIDs: [groupID] })).data.groupInfos[0].status

  it('refuses only the messages of ordinary members, and sends notification 1514 to the chat', async () => {
    expect((await setMuted(adam)).errCode).toBe(0)
    expect([await say(mia), await say(adam), await say(olga)]).toEqual([1403, 0, 0])
    const { detail } = await expectNotified(1514, allMembers(), [stranger])
    expect(detail).toMatchObject({ group: { groupID, status: 3, memberCount: 5 }, opUser: { userID: adam.userID } })
    expect(mia.inChat(1514)).toHaveLength(1)
    expect(await status()).toBe(3)
  })

  it('is cancelled by cancel_mute_group, with notification 1515 in the chat', async () => {
    await setMuted(olga)
    expect((await setMuted(adam, 'cancel_mute_group')).errCode).toBe(0)
    expect(await say(mia)).toBe(0)
    const { detail } = await expectNotified(1515, allMembers(), [stranger])
    expect(detail.group).toMatchObject({ status: 0 })
    expect(await status()).toBe(0)
  })

  it.each(['mute_group', 'cancel_mute_group'])(
    'refuses callers other than the owner, group administrators and app administrators: %s',
    async (verb) => {
      for (const shadow of [mia, stranger]) expect((await setMuted(shadow, verb)).errCode).toBe(1002)
      expect((await olga.call(verb, { groupID: 'nowhere' })).errCode).toBe(1004)
      expect((await olga.call(verb, {})).errCode).toBe(1001)
      for (const kind of [1514, 1515]) await expectNotified(kind, [], [...allMembers(), stranger])
      expect((await setMuted(adam, verb)).errCode).toBe(0)
      expect((await asApp(verb, { groupID })).errCode).toBe(0)
    },
  )
})
