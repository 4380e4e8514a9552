import { beforeEach, describe, expect, it } from 'vitest'
import { cast, createTestGroup, expectNotified, type GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, post } from '../../rigs/rig.ts'

let groupID: string
let olga: GroupShadow
let adam: GroupShadow
let mia: GroupShadow
let stranger: GroupShadow

beforeEach(async () => {
  ;({ olga, adam, mia, stranger } = await cast('olga', 'adam', 'mia', 'stranger'))
  groupID = await createTestGroup(olga, { admins: [adam], members: [mia], info: { introduction: 'before' } })
})

const set = (given: object, by = olga) => by.call('set_group_info_ex', { groupID, ...given })
const setOld = (given: object, by = olga) => by.call('set_group_info', { groupInfoForSet: { groupID, ...given } })
const info = async () => (await olga.call('get_groups_info', { groupIDs: [groupID] })).data.groupInfos[0]
const version = async () =>
  (await olga.call('get_incremental_group_members', { groupID, versionID: '', version: 0 })).data.version

describe('set_group_info_ex', () => {
  it('changes the given fields and keeps the other fields', async () => {
    const before = await info()
    expect(await set({ faceURL: 'f', ex: '', lookMemberInfo: 1 }, adam)).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await info()).toEqual({ ...before, faceURL: 'f', lookMemberInfo: 1 })
    await set({ introduction: '' })
    expect(await info()).toMatchObject({ introduction: '', faceURL: 'f' })
  })

  it('announces a new name in the chat (notification 1520)', async () => {
    await set({ groupName: 'Renamed' }, adam)
    const { detail, from } = await expectNotified(1520, [mia, olga, adam], [stranger])
    expect(from).toBe(adam.userID)
    expect(detail).toMatchObject({ group: { groupName: 'Renamed' }, opUser: { userID: adam.userID } })
    expect(detail.groupMemberVersion).toBe(await version())
    expect(mia.inChat(1520).map(({ seq }) => seq)).toEqual([2])
    expect([...mia.notifications(1502), ...mia.notifications(1519)]).toEqual([])
  })

  it('trims an announcement, sends it to the chat (notification 1519), and stores its author', async () => {
    await set({ notification: '  news\n' }, adam)
    const { detail, senderNickname, senderFaceURL } = await expectNotified(1519, [mia, olga, adam], [stranger])
    expect({ senderNickname, senderFaceURL }).toEqual({
      ...{ senderNickname: `nick of ${adam.userID}`, senderFaceURL: `https://x/${adam.userID}.png` },
    })
    const now = await info()
    expect(now).toMatchObject({ notification: 'news', notificationUserID: adam.userID })
    expect(now.notificationUpdateTime).toBeGreaterThanOrEqual(now.createTime)
    expect(detail.group).toEqual(now)
    expect(mia.inChat(1519)).toHaveLength(1)
  })

  it('removes an announcement without a message in the chat', async () => {
    await set({ notification: 'news' })
    await set({ notification: ' ' })
    await expectNotified(1519, [mia, olga, adam], [], 2)
    expect((await info()).notification).toBe('')
    expect(mia.inChat(1519)).toHaveLength(1)
  })

  it('announces changes of other fields outside the chat (notification 1502)', async () => {
    await set({ introduction: 'after', needVerification: 1 })
    const { detail, senderNickname } = await expectNotified(1502, [mia, olga, adam], [stranger])
    expect(detail).toMatchObject({ group: { introduction: 'after', needVerification: 1 }, muteTime: 0 })
    expect(senderNickname).toBe(`nick of ${olga.userID}`)
    expect(mia.inChat(1502)).toEqual([])
  })

  it('announces the name, the announcement and other fields separately, each with its own version', async () => {
    const before = await version()
    await set({ groupName: 'n', notification: 'a', ex: 'x' })
    await expectNotified(1502, [mia, olga, adam])
    const steps = [1519, 1520, 1502].map((kind) => mia.notifications(kind)[0]?.detail.groupMemberVersion)
    expect(steps).toEqual([before + 1, before + 2, before + 3])
    expect(await version()).toBe(before + 3)
  })

  it.each([
    ['no field', {}],
    ['a blank name beside other fields', { groupName: '  ', introduction: 'after' }],
  ])('does nothing when the request has %s', async (_what, given) => {
    const before = [await info(), await version()]
    expect((await set(given)).errCode).toBe(0)
    expect([await info(), await version()]).toEqual(before)
    for (const kind of [1502, 1519, 1520]) await expectNotified(kind, [], [olga, adam, mia])
  })

  it('refuses callers other than the owner, group administrators and app administrators', async () => {
    expect((await set({ ex: 'm' }, mia)).errCode).toBe(1002)
    expect((await set({ ex: 's' }, stranger)).errCode).toBe(1002)
    expect((await set({ ex: 'a' }, adam)).errCode).toBe(0)
    expect((await post('/group/set_group_info_ex', { groupID, ex: 'app' }, await adminToken())).errCode).toBe(0)
    expect(await info()).toMatchObject({ ex: 'app' })
    const told = await expectNotified(1502, [mia, olga, adam], [stranger], 2)
    expect(told.detail.opUser).toMatchObject({ userID: 'imAdmin', appMangerLevel: 2, roleLevel: 60 })
  })

  it('refuses missing and dismissed groups, texts that are too long and unknown values', async () => {
    expect((await set({ groupID: 'nowhere', ex: 'x' })).errCode).toBe(1004)
    for (const given of [
      ...[{ groupID: '' }, { groupName: 'x'.repeat(256) }, { notification: 'x'.repeat(16_385) }],
      ...[{ introduction: 'x'.repeat(16_385) }, { faceURL: 'x'.repeat(2_049) }, { ex: 'x'.repeat(8_193) }],
      ...[{ needVerification: 3 }, { lookMemberInfo: 2 }, { applyMemberFriend: -1 }, { groupName: 7 }],
    ]) {
      expect([given, (await set(given)).errCode]).toEqual([given, 1001])
    }
    await olga.call('dismiss_group', { groupID })
    expect((await post('/group/set_group_info_ex', { groupID, ex: 'x' }, await adminToken())).errCode).toBe(1204)
  })
})

describe('set_group_info', () => {
  it('keeps fields that are "", except ex', async () => {
    await set({ ex: 'x', faceURL: 'f' })
    expect((await setOld({ groupName: 'Renamed', introduction: '', faceURL: '' }, adam)).errCode).toBe(0)
    expect(await info()).toMatchObject({ groupName: 'Renamed', introduction: 'before', faceURL: 'f', ex: 'x' })
    await setOld({ ex: '', needVerification: 0 })
    expect(await info()).toMatchObject({ ex: '' })
    await expectNotified(1520, [mia, olga, adam], [stranger])
  })

  it('refuses ordinary members, a missing group and an unknown groupID', async () => {
    expect((await setOld({ groupName: 'x' }, mia)).errCode).toBe(1002)
    expect((await olga.call('set_group_info', {})).errCode).toBe(1001)
    expect((await setOld({ groupID: 'nowhere', groupName: 'x' })).errCode).toBe(1004)
  })
})
