import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, userToken } from '../../rigs/rig.ts'

const PEOPLE = [
  ['anna', 'Anna Karenina'],
  ['boris', 'Борис Годунов'],
  ['emile_1', 'Émile Zola'],
  ['percent', '100% cotton_wool (a.b)'],
]

beforeAll(async () => {
  const people = PEOPLE.map(([userID, nickname]) => ({ userID, nickname }))
  const levels = [1, 2, 3, 4].map((level) => ({ userID: `level_${level}`, nickname: 'Level', appMangerLevel: level }))
  await post('/user/user_register', { users: [...people, ...levels] }, await adminToken())
})

describe('get_users', () => {
  const getUsers = async (fields: object, token?: string) =>
    post(
      '/user/get_users',
      { pagination: { pageNumber: 1, showNumber: 100 }, ...fields },
      token ?? (await adminToken()),
    )
  const found = async (fields: object) =>
    (await getUsers(fields)).data.users.map((info: { userID: string }) => info.userID)

  it('lists the accounts of levels 0 and 1 to administrators only', async () => {
    const everybody = ['anna', 'boris', 'emile_1', 'level_1', 'percent']
    expect((await getUsers({}, await userToken('anna'))).errCode).toBe(1002)
    expect(await found({})).toEqual(everybody)
    expect((await getUsers({})).data.total).toBe(everybody.length)
    expect((await getUsers({})).data.users[0]).toEqual({
      userID: 'anna',
      nickname: 'Anna Karenina',
      faceURL: '',
      ex: '',
      createTime: expect.any(Number),
      appMangerLevel: 0,
      globalRecvMsgOpt: 0,
    })
  })

  it.each([
    ['a piece of a userID', { userID: 'ORI' }, ['boris']],
    ['a piece of a nickname', { nickName: 'karen' }, ['anna']],
    ['either of two', { userID: 'anna', nickName: 'zola' }, ['anna', 'emile_1']],
    ['no user for an unknown text', { nickName: 'nowhere' }, []],
    ['another script in small letters', { nickName: 'борис годунов' }, ['boris']],
    ['another script in capitals', { nickName: 'БОРИС' }, ['boris']],
    ['the middle of a word', { nickName: 'орис' }, ['boris']],
    ['an accent in a small letter', { nickName: 'émile zola' }, ['emile_1']],
    ['an accent in capitals', { nickName: 'ÉMILE ZOLA' }, ['emile_1']],
    ['only people, not the app’s own accounts', { nickName: 'level' }, ['level_1']],
    ['a percent sign as a plain character', { nickName: '%' }, ['percent']],
    ['an underscore as a plain character', { nickName: 'n_w' }, ['percent']],
    ['brackets as plain characters', { nickName: '(a.b)' }, ['percent']],
    ['no user for a regular expression', { nickName: 'a.*a' }, []],
    ['no user for a quote', { nickName: "'" }, []],
    ['no user for a text longer than a LIKE pattern may be', { nickName: 'x'.repeat(200) }, []],
  ])('finds %s', async (_what, fields, userIDs) => {
    expect(await found(fields)).toEqual(userIDs)
    expect((await getUsers(fields)).data.total).toBe(userIDs.length)
  })

  it('returns pages of users, and only the total when the page size is 0', async () => {
    expect((await getUsers({ pagination: { pageNumber: 2, showNumber: 2 } })).data).toMatchObject({
      total: 5,
      users: [{ userID: 'emile_1' }, { userID: 'level_1' }],
    })
    expect((await getUsers({ pagination: { pageNumber: 9, showNumber: 2 } })).data).toEqual({ total: 5, users: [] })
    expect((await getUsers({ pagination: { pageNumber: 1 } })).data).toEqual({ total: 5, users: [] })
    expect((await getUsers({ pagination: { pageNumber: 2 ** 31 - 1, showNumber: 1_000 } })).data.users).toEqual([])
  })

  it.each([
    ['no pagination', { pagination: undefined }],
    ['page 0', { pagination: { pageNumber: 0, showNumber: 10 } }],
    ['a page of more than a thousand', { pagination: { pageNumber: 1, showNumber: 1_001 } }],
    ['a text that is too long', { nickName: 'x'.repeat(1_000) }],
  ])('refuses %s with error 1001', async (_what, fields) => {
    const reply = await getUsers(fields)
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringMatching(/^[a-zA-Z.]+: /) })
  })
})

describe('get_all_users_uid', () => {
  const uids = async (pagination: object) => post('/user/get_all_users_uid', { pagination }, await adminToken())

  it('lists the accounts of all levels', async () => {
    const { data } = await uids({ pageNumber: 1, showNumber: 10_000 })
    const levels = ['level_1', 'level_2', 'level_3', 'level_4']
    expect(data.userIDs).toEqual(['anna', 'boris', 'emile_1', 'imAdmin', ...levels, 'percent'])
    expect(data.total).toBe(9)
  })

  it('returns the userIDs in pages', async () => {
    expect((await uids({ pageNumber: 2, showNumber: 4 })).data).toEqual({
      total: 9,
      userIDs: ['level_1', 'level_2', 'level_3', 'level_4'],
    })
    expect((await uids({ pageNumber: 1, showNumber: 0 })).data).toEqual({ total: 9, userIDs: [] })
  })

  it('refuses pages of more than 10,000 userIDs', async () => {
    expect((await uids({ pageNumber: 1, showNumber: 10_001 })).errCode).toBe(1001)
  })
})
