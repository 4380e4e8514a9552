import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { getGroupMemberList, getGroupMembersInfo } from '../../../src/features/group/lists/list-members.ts'
import { countedContext } from '../../rigs/counted-database.ts'
import { adminToken, post, register, request, userToken } from '../../rigs/rig.ts'
import { seedGroupOf, seedLargeGroup } from '../../rigs/seed-group.ts'

const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

const tokens = new Map<string, string>()

beforeAll(async () => {
  await register('olga', 'adam', 'mia', 'max', 'stranger')
  for (const userID of ['olga', 'mia', 'stranger']) tokens.set(userID, await userToken(userID))
  tokens.set('app', await adminToken())
  // The table orders members by userID; the list orders them by role and then by time of joining.
  await seedGroupOf(
    {
      max: { joinTime: 40, muteEndTime: 99, ex: 'x', inviterUserID: 'olga', operatorUserID: 'adam', joinSource: 3 },
      mia: { joinTime: 30, nickname: 'Mia of the group', faceURL: 'https://x/own.png' },
      adam: { joinTime: 20, roleLevel: 60 },
      olga: { joinTime: 50, roleLevel: 100 },
    },
    { groupID: 'g1', groupName: 'Gardeners', createTime: 5 },
  )
  await seedGroupOf({ olga: { roleLevel: 100 } }, { groupID: 'over', groupName: 'Over', status: 2 })
})

const call = (verb: string, body: object, as = 'mia') => post(`/group/${verb}`, body, tokens.get(as))
const list = (given: object, as?: string) => call('get_group_member_list', { groupID: 'g1', ...PAGE, ...given }, as)
const idsOf = (members: { userID: string }[]) => members.map(({ userID }) => userID)

describe('get_group_member_list', () => {
  it('lists the owner first, then administrators, then members by time of joining', async () => {
    const { data } = await list({})
    expect(data.total).toBe(4)
    expect(idsOf(data.members)).toEqual(['olga', 'adam', 'mia', 'max'])
  })

  it("shows the name and face that the member set, or otherwise the user's own", async () => {
    const { data } = await list({})
    expect(data.members[2]).toMatchObject({ nickname: 'Mia of the group', faceURL: 'https://x/own.png' })
    expect(data.members[3]).toEqual({
      groupID: 'g1',
      userID: 'max',
      roleLevel: 20,
      joinTime: 40,
      nickname: 'nick of max',
      faceURL: 'https://x/max.png',
      appMangerLevel: 0,
      joinSource: 3,
      operatorUserID: 'adam',
      ex: 'x',
      muteEndTime: 99,
      inviterUserID: 'olga',
    })
  })

  it('returns pages: no members after the last page, and only the total when the page size is 0', async () => {
    const page = async (pageNumber: number, showNumber: number) => {
      const { data } = await list({ pagination: { pageNumber, showNumber } })
      return [data.total, idsOf(data.members)]
    }
    expect(await page(1, 3)).toEqual([4, ['olga', 'adam', 'mia']])
    expect(await page(2, 3)).toEqual([4, ['max']])
    expect(await page(3, 3)).toEqual([4, []])
    expect(await page(2_147_483_647, 1000)).toEqual([4, []])
    expect(await page(1, 0)).toEqual([4, []])
  })

  it.each([
    [1, ['olga']],
    [2, ['adam']],
    [3, ['mia', 'max']],
    [4, ['adam', 'mia', 'max']],
    [5, ['olga', 'adam']],
  ])('returns the members whose roles filter %i selects', async (filter, userIDs) => {
    const { data } = await list({ filter })
    expect(data).toMatchObject({ total: userIDs.length })
    expect(idsOf(data.members)).toEqual(userIDs)
  })

  it('returns members whose shown name or userID contains the keyword, ignoring case', async () => {
    const found = async (keyword: string, given = {}) => {
      const { data } = await list({ keyword, ...given })
      return [data.total, idsOf(data.members)]
    }
    expect(await found('OF THE GROUP')).toEqual([1, ['mia']])
    expect(await found('nick of')).toEqual([3, ['olga', 'adam', 'max']])
    expect(await found('nick of', { filter: 3 })).toEqual([1, ['max']])
    // The group shows Mia under another name than her account has.
    expect(await found('nick of mia')).toEqual([0, []])
    expect(await found('MA')).toEqual([1, ['max']])
    expect(await found('%')).toEqual([0, []])
  })

  it('refuses unknown filters, wrong types, long texts and pages that are too large', async () => {
    for (const given of [
      { filter: 6 },
      { filter: -1 },
      { keyword: 'x'.repeat(256) },
      { keyword: 7 },
      { pagination: { pageNumber: 1, showNumber: 1001 } },
      { pagination: { pageNumber: 0, showNumber: 10 } },
      { pagination: null },
      { groupID: '' },
      { groupID: 'x'.repeat(65) },
    ]) {
      expect([given, (await list(given)).errCode]).toEqual([given, 1001])
    }
  })

  it('lists the members of a dismissed group', async () => {
    expect((await list({ groupID: 'over' }, 'olga')).data.total).toBe(1)
  })
})

describe('a call that reads one group', () => {
  const calls = [
    ['get_group_member_list', { groupID: 'g1', ...PAGE }],
    ['get_group_members_info', { groupID: 'g1', userIDs: ['max'] }],
    ['get_group_member_user_id', { groupID: 'g1' }],
    ['get_incremental_group_members', { groupID: 'g1' }],
    ['get_full_group_member_user_ids', { groupID: 'g1', idHash: 0 }],
    ['get_group_abstract_info', { groupIDs: ['g1'] }],
    ['get_incremental_group_members_batch', { userID: 'mia', reqList: [{ groupID: 'g1' }] }],
  ] as const

  it.each(calls)('refuses callers who are neither members nor app administrators: %s', async (verb, body) => {
    expect((await call(verb, body, 'stranger')).errCode).toBe(1002)
    expect((await call(verb, body, 'mia')).errCode).toBe(0)
    expect((await call(verb, body, 'app')).errCode).toBe(0)
  })

  it.each(calls)('refuses a group that does not exist: %s', async (verb, body) => {
    const text = JSON.stringify(body).replaceAll('g1', 'nowhere')
    const reply = await post(`/group/${verb}`, text, tokens.get('app'))
    expect(reply).toMatchObject({ errCode: verb === 'get_group_abstract_info' ? 1201 : 1004 })
    expect(reply.errDlt).toContain('"nowhere"')
  })
})

describe('get_group_members_info', () => {
  it('returns the given members in the given order, each of them once', async () => {
    const userIDs = ['max', 'stranger', 'olga', 'max', 'nobody']
    const { data } = await call('get_group_members_info', { groupID: 'g1', userIDs })
    expect(idsOf(data.members)).toEqual(['max', 'olga'])
    expect(data.members[1]).toMatchObject({ groupID: 'g1', roleLevel: 100, nickname: 'nick of olga' })
  })

  it('refuses an empty list and more than 1,000 users', async () => {
    const ask = (userIDs: unknown) => call('get_group_members_info', { groupID: 'g1', userIDs })
    expect((await ask([])).errCode).toBe(1001)
    expect((await ask(null)).errCode).toBe(1001)
    expect((await ask([1])).errCode).toBe(1001)
    const many = Array.from({ length: 1001 }, (_, i) => `user${i}`)
    expect((await ask(many)).errCode).toBe(1001)
    expect((await ask(many.slice(1))).data).toEqual({ members: [] })
  })
})

describe('get_group_member_user_id', () => {
  it('returns the userIDs of all members in the order of the list', async () => {
    expect((await call('get_group_member_user_id', { groupID: 'g1' })).data).toEqual({
      userIDs: ['olga', 'adam', 'mia', 'max'],
    })
  })
})

describe('get_group_abstract_info', () => {
  /** The text of the reply, because the hash has more digits than a JavaScript number. */
  async function textOf(groupIDs: string[], as: string): Promise<string> {
    const headers = { operationID: 'op', token: tokens.get(as) ?? '' }
    const body = JSON.stringify({ groupIDs })
    return (await request('/group/get_group_abstract_info', { method: 'POST', headers, body })).text()
  }

  function hashOf(members: { userID: string }[]): bigint {
    const sorted = members.toSorted((a, b) => (a.userID < b.userID ? -1 : 1))
    return createHash('md5').update(JSON.stringify(sorted)).digest().readBigUInt64BE(0)
  }

  it('returns the number of members and the exact hash of their entries, ordered by userID', async () => {
    const { data } = await list({})
    const text = await textOf(['over', 'g1'], 'olga')
    expect(text).toContain(`{"groupID":"g1","groupMemberNumber":4,"groupMemberListHash":${hashOf(data.members)}}`)
    expect(text).toContain('"groupAbstractInfos":[{"groupID":"over","groupMemberNumber":1,')
  })

  it('returns the same hash for a large group that is read page by page', async () => {
    await seedLargeGroup('pieces', 2_500)
    const members: { userID: string }[] = []
    for (const pageNumber of [1, 2, 3]) {
      const body = { groupID: 'pieces', pagination: { pageNumber, showNumber: 1_000 } }
      members.push(...(await call('get_group_member_list', body, 'app')).data.members)
    }
    expect(members).toHaveLength(2_500)
    expect(await textOf(['g1', 'pieces', 'over'], 'app')).toContain(
      `{"groupID":"pieces","groupMemberNumber":2500,"groupMemberListHash":${hashOf(members)}}`,
    )
  })

  it('refuses a call with no groupIDs, repeated groupIDs, too many groups or groups without members', async () => {
    const ask = async (groupIDs: unknown) => (await call('get_group_abstract_info', { groupIDs }, 'app')).errCode
    await seedGroupOf({}, { groupID: 'empty' })
    expect(await ask([])).toBe(1001)
    expect(await ask(['g1', 'g1'])).toBe(1001)
    expect(await ask(Array.from({ length: 1001 }, (_, i) => `g${i}`))).toBe(1001)
    expect(await ask(['g1', 'empty'])).toBe(1201)
  })
})

describe('get_groups', () => {
  const find = async (given: object, as = 'app') => (await call('get_groups', { ...PAGE, ...given }, as)).data

  it('returns the group with the given ID, dismissed or not, with the owner’s name', async () => {
    expect(await find({ groupID: 'g1', groupName: 'no matter' }, 'stranger')).toMatchObject({
      total: 1,
      groups: [
        {
          groupOwnerUserID: 'olga',
          groupOwnerUserName: 'nick of olga',
          groupInfo: { groupID: 'g1', groupName: 'Gardeners', ownerUserID: 'olga', memberCount: 4 },
        },
      ],
    })
    expect(await find({ groupID: 'over' })).toMatchObject({ total: 1, groups: [{ groupInfo: { status: 2 } }] })
    expect(await find({ groupID: 'nowhere' })).toEqual({ total: 0, groups: [] })
  })

  it('returns groups by name, ignoring case, in pages, newest first, without dismissed groups', async () => {
    await seedGroupOf(
      { mia: { roleLevel: 100, nickname: 'M.' } },
      { groupID: 'n1', groupName: 'Néw %x', createTime: 7 },
    )
    await seedGroupOf({}, { groupID: 'n2', groupName: 'new too', createTime: 8 })
    await seedGroupOf({}, { groupID: 'n3', groupName: 'new but over', createTime: 9, status: 2 })
    const named = async (groupName: string, given = {}) => {
      const { total, groups } = await find({ groupName, ...given })
      return [total, groups.map((one: { groupInfo: { groupID: string } }) => one.groupInfo.groupID)]
    }
    expect(await named('NÉW')).toEqual([1, ['n1']])
    expect(await named('%')).toEqual([1, ['n1']])
    expect(await named('new')).toEqual([1, ['n2']])
    expect(await named('e')).toEqual([4, ['n2', 'g1', 'pieces', 'empty']])
    expect(await named('', { pagination: { pageNumber: 2, showNumber: 2 } })).toEqual([5, ['g1', 'pieces']])
    const [n1] = (await find({ groupName: 'néw' })).groups
    expect(n1).toMatchObject({ groupOwnerUserName: 'M.' })
  })

  it('refuses a page that is too large and wrong types', async () => {
    const ask = async (given: object) => (await call('get_groups', { ...PAGE, ...given }, 'app')).errCode
    expect(await ask({ pagination: { pageNumber: 1, showNumber: 1001 } })).toBe(1001)
    expect(await ask({ groupName: ['a'] })).toBe(1001)
    expect(await ask({ groupName: 'x'.repeat(256) })).toBe(1001)
  })
})

describe('a group of 100,000 members', () => {
  const SIZE = 100_000

  beforeAll(() => seedLargeGroup('large', SIZE))

  const page = async (pageNumber: number, given: object = {}) => {
    const { ctx, read } = countedContext('u000005')
    const asked = { groupID: 'large', filter: 0, keyword: '', pagination: { pageNumber, showNumber: 100 }, ...given }
    return { ...(await getGroupMemberList(ctx, asked)), read }
  }

  it('is read page by page without reading the rows of other pages', async () => {
    const first = await page(1)
    expect(first.total).toBe(SIZE)
    expect(idsOf(first.members).slice(0, 4)).toEqual(['u000000', 'u000007', 'u000001', 'u000002'])
    expect(first.read.rows).toBeLessThan(1_000)
    const tenth = await page(10)
    expect(tenth.members).toHaveLength(100)
    expect(tenth.read.rows).toBeLessThan(2_000)
    expect((await page(1_001)).read.rows).toBeLessThan(10)
  })

  it('is read page by page for a role without counting its members', async () => {
    const members = await page(1, { filter: 3 })
    expect(members.total).toBe(SIZE - 2)
    expect(members.members[0]?.userID).toBe('u000001')
    expect(members.read.rows).toBeLessThan(1_000)
    const leaders = await page(1, { filter: 5 })
    expect(idsOf(leaders.members)).toEqual(['u000000', 'u000007'])
    expect(leaders.read.rows).toBeLessThan(50)
  })

  it('returns 1,000 given members with two queries that read few other rows', async () => {
    const { ctx, read } = countedContext('u000005')
    const userIDs = Array.from({ length: 1_000 }, (_, i) => `u${String(i * 100).padStart(6, '0')}`)
    const { members } = await getGroupMembersInfo(ctx, { groupID: 'large', userIDs })
    expect(idsOf(members)).toEqual(userIDs)
    expect(read.statements).toBe(2)
    expect(read.rows).toBeLessThan(6_000)
  })

  it('is searched completely for a keyword', async () => {
    const found = await page(1, { keyword: 'User 99999' })
    expect([found.total, idsOf(found.members)]).toEqual([1, ['u099999']])
  })

  it('returns the userIDs of all its members', async () => {
    const { data } = await call('get_full_group_member_user_ids', { groupID: 'large', idHash: 0 }, 'app')
    expect(data).toMatchObject({ version: 1, equal: false })
    expect(data.userIDs).toHaveLength(SIZE)
    expect(data.userIDs.slice(0, 3)).toEqual(['u000000', 'u000007', 'u000001'])
    expect(new Set(data.userIDs).size).toBe(SIZE)
  })

  it('is hashed when requested alone, but refused together with another group', async () => {
    const ask = (groupIDs: string[]) => call('get_group_abstract_info', { groupIDs }, 'app')
    expect((await ask(['large'])).data.groupAbstractInfos).toMatchObject([{ groupMemberNumber: SIZE }])
    expect(await ask(['large', 'g1'])).toMatchObject({
      errCode: 1001,
      errDlt: 'the groups have 100004 members; ask for at most 100000 at once',
    })
  })
})
