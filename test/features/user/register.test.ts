import { beforeAll, describe, expect, it } from 'vitest'
import { registerUsers } from '../../../src/features/user/register-users.ts'
import { UserRegisterReq } from '../../../src/features/user/schema.ts'
import { type CallerContext, createContext } from '../../../src/runtime/context.ts'
import { adminToken, bindings, post, register, userToken } from '../../rigs/rig.ts'

beforeAll(() => register('alice', 'bob'))

const infoOf = async (userID: string) =>
  (await post('/user/get_users_info', { userIDs: [userID] }, await adminToken())).data.usersInfo[0]

describe('user_register', () => {
  const registerRaw = async (users: unknown) => post('/user/user_register', { users }, await adminToken())

  it('stores the given profile with the time of registration', async () => {
    const before = Date.now()
    const reply = await registerRaw([
      { userID: 'zoë_1', nickname: 'Zoë ✨', faceURL: 'https://x/z.png', ex: '{"a":1}' },
    ])
    expect(reply).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    const info = await infoOf('zoë_1')
    expect(info).toMatchObject({
      userID: 'zoë_1',
      nickname: 'Zoë ✨',
      faceURL: 'https://x/z.png',
      ex: '{"a":1}',
      appMangerLevel: 0,
      globalRecvMsgOpt: 0,
    })
    expect(info.createTime).toBeGreaterThanOrEqual(before)
  })

  it.each([
    ['no users', []],
    ['a userID with a space', [{ userID: 'two words', nickname: 'x' }]],
    ['an empty userID', [{ userID: '', nickname: 'x' }]],
    ['no nickname', [{ userID: 'nameless' }]],
    [
      'the same userID twice',
      [
        { userID: 'twin', nickname: 'x' },
        { userID: 'twin', nickname: 'y' },
      ],
    ],
    ['a nickname of a thousand letters', [{ userID: 'long', nickname: 'x'.repeat(1000) }]],
  ])('refuses %s with error 1001', async (_what, users) => {
    const reply = await registerRaw(users)
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt).not.toBe('')
  })

  it('registers no user of a batch in which one userID is taken', async () => {
    const reply = await registerRaw([
      { userID: 'newcomer', nickname: 'x' },
      { userID: 'alice', nickname: 'y' },
    ])
    expect(reply).toMatchObject({ errCode: 1102, errMsg: 'RegisteredAlreadyError' })
    expect(await infoOf('newcomer')).toBeUndefined()
  })

  it('refuses the userID of a configured administrator who has no row yet', async () => {
    const real = createContext(bindings, 'test-operation')
    const ctx: CallerContext = {
      ...real,
      config: { ...real.config, admins: new Map([['second', 'Second']]) },
      caller: { userID: 'imAdmin', platformID: 10, isAdmin: true },
    }
    const { users } = UserRegisterReq.parse({ users: [{ userID: 'second', nickname: 'x' }] })
    await expect(registerUsers(ctx, { users })).rejects.toMatchObject({ code: 1102 })
  })

  it('accepts at most 1,000 users in one call', async () => {
    const users = Array.from({ length: 1000 }, (_, i) => ({ userID: `crowd_${i}`, nickname: `n${i}` }))
    expect((await registerRaw(users)).errCode).toBe(0)
    const { data } = await post('/user/get_users_info', { userIDs: users.map((u) => u.userID) }, await adminToken())
    expect(data.usersInfo).toHaveLength(1000)
    expect((await registerRaw([...users, { userID: 'one_more', nickname: 'x' }])).errCode).toBe(1001)
  })
})

describe('get_users_info', () => {
  it('leaves out unknown users', async () => {
    const reply = await post('/user/get_users_info', { userIDs: ['nobody', 'bob'] }, await userToken('alice'))
    expect(reply.data.usersInfo.map((info: { userID: string }) => info.userID)).toEqual(['bob'])
  })

  it('refuses a request without a list of userIDs', async () => {
    expect((await post('/user/get_users_info', {}, await userToken('alice'))).errCode).toBe(1001)
  })
})

describe('account_check', () => {
  it('returns for each userID whether it is registered', async () => {
    const reply = await post('/user/account_check', { checkUserIDs: ['alice', 'nobody'] }, await adminToken())
    expect(reply.data.results).toEqual([
      { userID: 'alice', accountStatus: 1 },
      { userID: 'nobody', accountStatus: 0 },
    ])
  })

  it('refuses a userID that is given twice', async () => {
    expect((await post('/user/account_check', { checkUserIDs: ['a', 'a'] }, await adminToken())).errCode).toBe(1001)
  })
})
