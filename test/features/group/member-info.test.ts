import { beforeEach, describe, expect, it } from 'vitest'
import { cast, expectTold, found, type GroupShadow } from '../../rigs/group-shadow.ts'
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
  groupID = await found(olga, { admins: [adam, eve], members: [mia, max] })
})

const everybody = () => [olga, adam, eve, mia, max]
const set = (by: GroupShadow | null, whom: GroupShadow, given: object) => {
  const body = { members: [{ groupID, userID: whom.userID, ...given }] }
  return by ? by.call('set_group_member_info', body) : asApp(body)
}
const asApp = async (body: object) => post('/group/set_group_member_info', body, await adminToken())
const memberNow = async (shadow: GroupShadow) =>
  (await olga.call('get_group_members_info', { groupID, userIDs: [shadow.userID] })).data.members[0]

describe('set_group_member_info', () => {
  it('sets what is given, keeps the rest, and tells everybody beside the chat (1516)', async () => {
    expect(await set(mia, mia, { nickname: 'M', ex: 'e' })).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await memberNow(mia)).toMatchObject({ nickname: 'M', faceURL: `https://x/${mia.userID}.png`, ex: 'e' })
    const { detail, from } = await expectTold(1516, everybody(), [stranger])
    expect(from).toBe(mia.userID)
    expect(detail).toMatchObject({
      opUser: { userID: mia.userID },
      changedUser: { nickname: 'M', ex: 'e', roleLevel: 20 },
    })
    expect(max.inChat(1516)).toEqual([])
    await set(mia, mia, { faceURL: 'face' })
    expect(await memberNow(mia)).toMatchObject({ nickname: 'M', faceURL: 'face', ex: 'e' })
  })

  it('with "" takes back a name and a face', async () => {
    await set(mia, mia, { nickname: 'M', faceURL: 'face' })
    await set(mia, mia, { nickname: '', faceURL: '' })
    const own = { nickname: `nick of ${mia.userID}`, faceURL: `https://x/${mia.userID}.png` }
    expect(await memberNow(mia)).toMatchObject(own)
    const { detail } = await expectTold(1516, everybody(), [], 2)
    expect(detail.changedUser).toMatchObject(own)
  })

  it.each([
    ['60 tells of a new administrator (1517)', () => mia, 60, 1517],
    ['20 tells of a member who is none any more (1518)', () => adam, 20, 1518],
  ])('with roleLevel %s, with a new order of the list', async (_what, whom, roleLevel, kind) => {
    expect((await set(olga, whom(), { roleLevel })).errCode).toBe(0)
    expect((await memberNow(whom())).roleLevel).toBe(roleLevel)
    const { detail } = await expectTold(kind, everybody(), [stranger])
    expect(detail.changedUser).toMatchObject({ userID: whom().userID, roleLevel })
    expect(detail.groupSortVersion).toBe(detail.groupMemberVersion)
    expect(detail.groupSortVersion).toBeGreaterThan(0)
    expect(max.inChat(kind)).toEqual([])
    await expectTold(1516, [], everybody())
  })

  it('with a role and a name tells of both, each a version further', async () => {
    await set(olga, mia, { roleLevel: 60, nickname: 'M' })
    const role = await expectTold(1517, everybody())
    const name = await expectTold(1516, everybody())
    expect(name.detail.groupMemberVersion).toBe(role.detail.groupMemberVersion + 1)
  })

  it('changes members of several groups in one call, or nothing', async () => {
    const other = await found(mia, { members: [olga] })
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
    await until(() => olga.told(1516).length === 2)
  })

  it.each<[string, () => GroupShadow | null, () => GroupShadow, object, number]>([
    ['the owner, themselves', () => olga, () => olga, { nickname: 'x' }, 0],
    ['the owner, an administrator', () => olga, () => adam, { nickname: 'x' }, 0],
    ['the owner, a member', () => olga, () => mia, { nickname: 'x' }, 0],
    ['the owner, their own role', () => olga, () => olga, { roleLevel: 20 }, 1002],
    ['the owner, another owner', () => olga, () => mia, { roleLevel: 100 }, 1002],
    ['an administrator, themselves', () => adam, () => adam, { nickname: 'x' }, 0],
    ['an administrator, their own role, downwards', () => adam, () => adam, { roleLevel: 20 }, 0],
    ['an administrator, another', () => adam, () => eve, { nickname: 'x' }, 1002],
    ['an administrator, the role of another', () => adam, () => eve, { roleLevel: 20 }, 1002],
    ['an administrator, the owner', () => adam, () => olga, { nickname: 'x' }, 1002],
    ['an administrator, a member', () => adam, () => mia, { nickname: 'x' }, 0],
    ['an administrator, the role of a member', () => adam, () => mia, { roleLevel: 60 }, 0],
    ['a member, themselves', () => mia, () => mia, { nickname: 'x' }, 0],
    ['a member, their own role', () => mia, () => mia, { roleLevel: 60 }, 1002],
    ['a member, another', () => mia, () => max, { nickname: 'x' }, 1002],
    ['a stranger, a member', () => stranger, () => max, { nickname: 'x' }, 1002],
    ['the app, the owner', () => null, () => olga, { nickname: 'x' }, 0],
    ['the app, the role of the owner', () => null, () => olga, { roleLevel: 20 }, 1002],
    ['the app, the role of an administrator', () => null, () => adam, { roleLevel: 20 }, 0],
  ])('by %s', async (_who, by, whom, given, code) => {
    const before = await memberNow(whom())
    expect((await set(by(), whom(), given)).errCode).toBe(code)
    expect(await memberNow(whom())).toEqual(code === 0 ? { ...before, ...given } : before)
    if (code !== 0) for (const kind of [1516, 1517, 1518]) await expectTold(kind, [], [...everybody(), stranger])
  })

  it('refuses nobody, somebody twice, unknown roles, long texts and groups that do not exist', async () => {
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
    await expectTold(1516, [], everybody())
  })
})

describe('a user’s new name or face', () => {
  const rename = (given: object) =>
    post('/user/update_user_info_ex', { userInfo: { userID: mia.userID, ...given } }, mia.token)

  it('is told to the groups that show it (1516), and their lists are a version further', async () => {
    await rename({ nickname: 'New' })
    await until(() => max.told(1516).length === 1)
    const { detail, from } = await expectTold(1516, everybody(), [stranger])
    expect(from).toBe(mia.userID)
    expect(detail.changedUser).toMatchObject({ userID: mia.userID, nickname: 'New' })
    const { data } = await max.call('get_incremental_group_members', {
      ...{ groupID, versionID: detail.groupMemberVersionID, version: detail.groupMemberVersion - 1 },
    })
    expect(data).toMatchObject({ full: false, update: [{ userID: mia.userID, nickname: 'New' }] })
  })

  it('is not told where the member has a name and a face of the group, nor in dismissed groups', async () => {
    await set(mia, mia, { nickname: 'M', faceURL: 'face' })
    const shown = await found(mia, { members: [stranger] })
    const over = await found(olga, { members: [mia] })
    await olga.call('dismiss_group', { groupID: over })
    await rename({ faceURL: 'new' })
    await until(() => stranger.told(1516).length === 1)
    expect(stranger.told(1516)[0]?.detail.group.groupID).toBe(shown)
    await expectTold(
      1516,
      everybody().filter((shadow) => shadow !== mia),
    )
    expect(mia.told(1516).map(({ detail }) => detail.group.groupID)).toEqual([groupID, shown])
  })
})
