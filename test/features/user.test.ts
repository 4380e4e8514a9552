import { beforeAll, describe, expect, it } from 'vitest'
import { friend } from '../../src/features/friend/tables.ts'
import { openDatabase } from '../../src/platform/d1.ts'
import { adminToken, bindings, post, register, userToken } from '../rig.ts'

beforeAll(() => register('alice', 'bob'))

const infoOf = async (userID: string) =>
  (await post('/user/get_users_info', { userIDs: [userID] }, await adminToken())).data.usersInfo[0]

describe('user_register', () => {
  const registerRaw = async (users: unknown) => post('/user/user_register', { users }, await adminToken())

  it('stores a profile as given, with a time of registration', async () => {
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
  ])('refuses %s with 1001', async (_what, users) => {
    const reply = await registerRaw(users)
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt).not.toBe('')
  })

  it('registers nobody of a batch in which one userID is taken', async () => {
    const reply = await registerRaw([
      { userID: 'newcomer', nickname: 'x' },
      { userID: 'alice', nickname: 'y' },
    ])
    expect(reply).toMatchObject({ errCode: 1102, errMsg: 'RegisteredAlreadyError' })
    expect(await infoOf('newcomer')).toBeUndefined()
  })

  it('takes a thousand users at once', async () => {
    const users = Array.from({ length: 1000 }, (_, i) => ({ userID: `crowd_${i}`, nickname: `n${i}` }))
    expect((await registerRaw(users)).errCode).toBe(0)
    const { data } = await post('/user/get_users_info', { userIDs: users.map((u) => u.userID) }, await adminToken())
    expect(data.usersInfo).toHaveLength(1000)
    expect((await registerRaw([...users, { userID: 'one_more', nickname: 'x' }])).errCode).toBe(1001)
  })
})

describe('get_users_info', () => {
  it('leaves unknown users out', async () => {
    const reply = await post('/user/get_users_info', { userIDs: ['nobody', 'bob'] }, await userToken('alice'))
    expect(reply.data.usersInfo.map((info: { userID: string }) => info.userID)).toEqual(['bob'])
  })

  it('wants a list', async () => {
    expect((await post('/user/get_users_info', {}, await userToken('alice'))).errCode).toBe(1001)
  })
})

describe('account_check', () => {
  it('says who is registered', async () => {
    const reply = await post('/user/account_check', { checkUserIDs: ['alice', 'nobody'] }, await adminToken())
    expect(reply.data.results).toEqual([
      { userID: 'alice', accountStatus: 1 },
      { userID: 'nobody', accountStatus: 0 },
    ])
  })

  it('refuses a userID given twice', async () => {
    expect((await post('/user/account_check', { checkUserIDs: ['a', 'a'] }, await adminToken())).errCode).toBe(1001)
  })
})

describe('update_user_info_ex', () => {
  it('changes what is given, keeps what is absent and clears what is empty', async () => {
    const token = await userToken('alice')
    const update = (userInfo: object) => post('/user/update_user_info_ex', { userInfo }, token)
    expect(await update({ userID: 'alice', nickname: 'Alice A.', ex: 'e' })).toEqual({
      errCode: 0,
      errMsg: '',
      errDlt: '',
    })
    expect(await infoOf('alice')).toMatchObject({ nickname: 'Alice A.', ex: 'e', faceURL: 'https://x/alice.png' })
    await update({ userID: 'alice', faceURL: '', nickname: null })
    expect(await infoOf('alice')).toMatchObject({ nickname: 'Alice A.', ex: 'e', faceURL: '' })
  })

  it("is not for other people's profiles", async () => {
    const userInfo = { userID: 'bob', nickname: 'Bobby' }
    expect((await post('/user/update_user_info_ex', { userInfo }, await userToken('alice'))).errCode).toBe(1002)
    expect((await post('/user/update_user_info_ex', { userInfo }, await adminToken())).errCode).toBe(0)
  })

  it('wants a user who exists', async () => {
    const userInfo = { userID: 'nobody', nickname: 'x' }
    expect((await post('/user/update_user_info_ex', { userInfo }, await adminToken())).errCode).toBe(1004)
  })

  it('is found by the friends of the user at their next sync, through the queue', async () => {
    await register('carol', 'dave')
    const row = {
      ownerUserID: 'dave',
      friendUserID: 'carol',
      remark: '',
      createTime: 1_700_000_000_000,
      addSource: 1,
      operatorUserID: 'imAdmin',
      ex: '',
      isPinned: false,
    }
    await openDatabase(bindings.DB).insert(friend).values(row)
    const token = await userToken('dave')
    const full = await post('/friend/get_incremental_friends', { userID: 'dave', version: 0, versionID: '' }, token)
    expect(full.data).toMatchObject({ full: true, version: 1 })
    const { versionID, version } = full.data
    await post(
      '/user/update_user_info_ex',
      { userInfo: { userID: 'carol', nickname: 'Caroline' } },
      await userToken('carol'),
    )
    const delta = () => post('/friend/get_incremental_friends', { userID: 'dave', version, versionID }, token)
    await expect.poll(async () => (await delta()).data.version, { timeout: 10_000 }).toBe(version + 1)
    const reply = await delta()
    expect(reply.data).toMatchObject({ full: false, delete: [], insert: [] })
    expect(reply.data.update).toMatchObject([
      { ownerUserID: 'dave', createTime: 1_700_000_000, friendUser: { userID: 'carol', nickname: 'Caroline' } },
    ])
  }, 15_000)
})
