import { beforeEach, describe, expect, it } from 'vitest'
import { cast, createTestGroup, expectNotified, type GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, post, until } from '../../rigs/rig.ts'

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
const set = (by: GroupShadow | null, target: GroupShadow, given: object) => {
  const body = { members: [{ groupID, userID: target.userID, ...given }] }
  return by ? by.call('set_group_member_info', body) : asApp(body)
}
const asApp = async (body: object) => post('/group/set_group_member_info', body, await adminToken())
const memberNow = async (shadow: GroupShadow) =>
  (await olga.call('get_group_members_info', { groupID, userIDs: [shadow.userID] })).data.members[0]

describe('set_group_member_info', () => {
  it('sets the given fields, keeps the others, and sends notification 1516 to all members', async () => {
    expect(await set(mia, mia, { nickname: 'M', ex: 'e' })).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await memberNow(mia)).toMatchObject({ nickname: 'M', faceURL: `https://x/${mia.userID}.png`, ex: 'e' })
    const { detail, from } = await expectNotified(1516, allMembers(), [stranger])
    expect(from).toBe(mia.userID)
    expect(detail).toMatchObject({
      opUser: { userID: mia.userID },
      changedUser: { nickname: 'M', ex: 'e', roleLevel: 20 },
    })
    expect(max.inChat(1516)).toEqual([])
    await set(mia, mia, { faceURL: 'face' })
    expect(await memberNow(mia)).toMatchObject({ nickname: 'M', faceURL: 'face', ex: 'e' })
  })

  it('shows the user’s own name and face again when the member\'s name and face are set to ""', async () => {
    await set(mia, mia, { nickname: 'M', faceURL: 'face' })
    await set(mia, mia, { nickname: '', faceURL: '' })
    const own = { nickname: `nick of ${mia.userID}`, faceURL: `https://x/${mia.userID}.png` }
    expect(await memberNow(mia)).toMatchObject(own)
    const { detail } = await expectNotified(1516, allMembers(), [], 2)
    expect(detail.changedUser).toMatchObject(own)
  })

  it.each([
    ['a new administrator, roleLevel 60 (1517)', () => mia, 60, 1517],
    ['a former administrator, roleLevel 20 (1518)', () => adam, 20, 1518],
  ])('announces %s, with a new version of the order of the member list', async (_case, target, roleLevel, kind) => {
    expect((await set(olga, target(), { roleLevel })).errCode).toBe(0)
    expect((await memberNow(target())).roleLevel).toBe(roleLevel)
    const { detail } = await expectNotified(kind, allMembers(), [stranger])
    expect(detail.changedUser).toMatchObject({ userID: target().userID, roleLevel })
    expect(detail.groupSortVersion).toBe(detail.groupMemberVersion)
    expect(detail.groupSortVersion).toBeGreaterThan(0)
    expect(max.inChat(kind)).toEqual([])
    await expectNotified(1516, [], allMembers())
  })

  it('announces a new role and a new name separately, each with its own version', async () => {
    await set(olga, mia, { roleLevel: 60, nickname: 'M' })
    const role = await expectNotified(1517, allMembers())
    const name = await expectNotified(1516, allMembers())
    expect(name.detail.groupMemberVersion).toBe(role.detail.groupMemberVersion + 1)
  })

  it('changes members of several groups in one call, all of them or none', async () => {
    const other = await createTestGroup(mia, { members: [olga] })
    const body = (userID: string) => ({
      members: [
        { groupID, userID: mia.userID, nickname: 'here' },
        { groupID: other, userID, nickname: 'there' },
      ],
    })
    expect((await mia.call('set_group_member_info', body(stranger.userID))).errCode).toBe(1001)
    expect((await memberNow(mia)).nickname).toBe(`nick of ${mia.userID}`)
    expect((await mia.call('set_group_member_info', body(olga.userID))).errCode).toBe(0)
    expect((await memberNow(mia)).nickname).toBe('here')
    await until(() => olga.notifications(1516).length === 2)
  })

  it.each<[string, () => GroupShadow | null, () => GroupShadow, object, number]>([
    ['the owner renames themselves', () => olga, () => olga, { nickname: 'x' }, 0],
    ['the owner renames an administrator', () => olga, () => adam, { nickname: 'x' }, 0],
    ['the owner renames a member', () => olga, () => mia, { nickname: 'x' }, 0],
    ['the owner lowers their own role', () => olga, () => olga, { roleLevel: 20 }, 1002],
    ['the owner makes a second owner', () => olga, () => mia, { roleLevel: 100 }, 1002],
    ['an administrator renames themselves', () => adam, () => adam, { nickname: 'x' }, 0],
    ['an administrator lowers their own role', () => adam, () => adam, { roleLevel: 20 }, 0],
    ['an administrator renames another administrator', () => adam, () => eve, { nickname: 'x' }, 1002],
    ['an administrator lowers another administrator', () => adam, () => eve, { roleLevel: 20 }, 1002],
    ['an administrator renames the owner', () => adam, () => olga, { nickname: 'x' }, 1002],
    ['an administrator renames a member', () => adam, () => mia, { nickname: 'x' }, 0],
    ['an administrator makes a member an administrator', () => adam, () => mia, { roleLevel: 60 }, 0],
    ['a member renames themselves', () => mia, () => mia, { nickname: 'x' }, 0],
    ['a member raises their own role', () => mia, () => mia, { roleLevel: 60 }, 1002],
    ['a member renames another member', () => mia, () => max, { nickname: 'x' }, 1002],
    ['a stranger renames a member', () => stranger, () => max, { nickname: 'x' }, 1002],
    ['an app administrator renames the owner', () => null, () => olga, { nickname: 'x' }, 0],
    ['an app administrator lowers the owner', () => null, () => olga, { roleLevel: 20 }, 1002],
    ['an app administrator lowers an administrator', () => null, () => adam, { roleLevel: 20 }, 0],
  ])('checks the caller’s rights: %s', async (_case, by, target, given, code) => {
    const before = await memberNow(target())
    expect((await set(by(), target(), given)).errCode).toBe(code)
    expect(await memberNow(target())).toEqual(code === 0 ? { ...before, ...given } : before)
    if (code !== 0) for (const kind of [1516, 1517, 1518]) await expectNotified(kind, [], [...allMembers(), stranger])
  })

  it('refuses empty lists, repeated members, unknown roles, long texts and unknown groups', async () => {
    const one = { groupID, userID: mia.userID, nickname: 'x' }
    for (const members of [
      ...[null, [], [one, one], Array.from({ length: 1_001 }, (_, i) => ({ ...one, userID: `u${i}` }))],
      ...[
        [{ ...one, roleLevel: 30 }],
        [{ ...one, nickname: 'x'.repeat(256) }],
        [{ ...one, faceURL: 'x'.repeat(2_049) }],
      ],
      ...[[{ ...one, ex: 'x'.repeat(8_193) }], [{ ...one, userID: '' }], [{ ...one, userID: stranger.userID }]],
    ]) {
      expect((await olga.call('set_group_member_info', { members })).errCode).toBe(1001)
    }
    expect((await olga.call('set_group_member_info', { members: [{ ...one, groupID: 'nowhere' }] })).errCode).toBe(1004)
    await expectNotified(1516, [], allMembers())
  })
})

describe('a user’s new name or face', () => {
  const rename = (given: object) =>
    post('/user/update_user_info_ex', { userInfo: { userID: mia.userID, ...given } }, mia.token)

  it('is announced in the groups that show the change, with new versions of their member lists', async () => {
    await rename({ nickname: 'New' })
    await until(() => max.notifications(1516).length === 1)
    const { detail, from } = await expectNotified(1516, allMembers(), [stranger])
    expect(from).toBe(mia.userID)
    expect(detail.changedUser).toMatchObject({ userID: mia.userID, nickname: 'New' })
    const { data } = await max.call('get_incremental_group_members', {
      ...{ groupID, versionID: detail.groupMemberVersionID, version: detail.groupMemberVersion - 1 },
    })
    expect(data).toMatchObject({ full: false, update: [{ userID: mia.userID, nickname: 'New' }] })
  })

  it('is not announced in dismissed groups, nor where the member has set a name and a face', async () => {
    await set(mia, mia, { nickname: 'M', faceURL: 'face' })
    const shown = await createTestGroup(mia, { members: [stranger] })
    const over = await createTestGroup(olga, { members: [mia] })
    await olga.call('dismiss_group', { groupID: over })
    await rename({ faceURL: 'new' })
    await until(() => stranger.notifications(1516).length === 1)
    expect(stranger.notifications(1516)[0]?.detail.group.groupID).toBe(shown)
    await expectNotified(
      1516,
      allMembers().filter((shadow) => shadow !== mia),
    )
    expect(mia.notifications(1516).map(({ detail }) => detail.group.groupID)).toEqual([groupID, shown])
  })
})
