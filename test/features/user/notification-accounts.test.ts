import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, register } from '../../rigs/rig.ts'

const call = async (verb: string, fields: object) =>
  post(`/user/${verb}_notification_account`, fields, await adminToken())
const add = (fields: object) => call('add', { nickName: 'News', faceURL: '', appMangerLevel: 3, ...fields })
const search = async (fields: object) =>
  (await call('search', { pagination: { pageNumber: 1, showNumber: 10 }, ...fields })).data
const infoOf = async (userID: string) =>
  (await post('/user/get_users_info', { userIDs: [userID] }, await adminToken())).data.usersInfo[0]

beforeAll(() => register('alice'))

describe('add_notification_account', () => {
  it('creates a user with the given fields and level', async () => {
    const account = { userID: 'news', nickName: 'News', faceURL: 'https://x/n.png', appMangerLevel: 3 }
    expect((await add(account)).data).toEqual(account)
    expect(await infoOf('news')).toMatchObject({
      userID: 'news',
      nickname: 'News',
      faceURL: 'https://x/n.png',
      appMangerLevel: 3,
    })
  })

  it('chooses a userID of 10 digits when the request has none', async () => {
    const [one, two] = [(await add({ nickName: 'One' })).data, (await add({ nickName: 'Two', userID: '' })).data]
    expect(one.userID).toMatch(/^\d{10}$/)
    expect(two.userID).toMatch(/^\d{10}$/)
    expect(one.userID).not.toBe(two.userID)
    expect(await infoOf(one.userID)).toMatchObject({ nickname: 'One' })
  })

  it('creates robots, which cannot log in', async () => {
    await add({ userID: 'bot_1', appMangerLevel: 4 })
    const reply = await post('/auth/get_user_token', { userID: 'bot_1', platformID: 5 }, await adminToken())
    expect(reply.errCode).toBe(1001)
  })

  it.each([
    ['a userID in use', { userID: 'alice' }],
    ["an administrator's userID", { userID: 'imAdmin' }],
    ['the level of an administrator', { appMangerLevel: 2 }],
    ['no level', { appMangerLevel: undefined }],
    ['no nickName', { nickName: '' }],
    ['a userID with a space', { userID: 'two words' }],
  ])('refuses %s with error 1001', async (_what, fields) => {
    expect((await add({ userID: 'refused', ...fields })).errCode).toBe(1001)
    expect(await infoOf('refused')).toBeUndefined()
  })
})

describe('update_notification_account', () => {
  const update = (fields: object) => call('update', fields)

  it('changes the given fields of the account', async () => {
    await add({ userID: 'weather', nickName: 'Weather', faceURL: 'old' })
    expect(await update({ userID: 'weather', nickName: 'Wetter' })).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect(await infoOf('weather')).toMatchObject({ nickname: 'Wetter', faceURL: 'old', appMangerLevel: 3 })
    await update({ userID: 'weather', faceURL: 'new' })
    expect(await infoOf('weather')).toMatchObject({ nickname: 'Wetter', faceURL: 'new' })
  })

  it.each([
    ['nothing to change', { userID: 'weather' }],
    ['a user who does not exist', { userID: 'nobody', nickName: 'x' }],
    ['a person', { userID: 'alice', nickName: 'x' }],
    ['no userID', { nickName: 'x' }],
  ])('refuses %s with error 1001', async (_what, fields) => {
    expect((await update(fields)).errCode).toBe(1001)
  })
})

describe('search_notification_account', () => {
  beforeAll(async () => {
    await add({ userID: 'ads', nickName: 'ticker', appMangerLevel: 3 })
    await add({ userID: 'ticker', nickName: 'Stock', appMangerLevel: 3 })
    await add({ userID: 'robot', nickName: 'Stock', appMangerLevel: 4 })
  })

  const ids = async (fields: object) =>
    (await search(fields)).notificationAccounts.map((account: { userID: string }) => account.userID)

  it('lists the app’s own accounts, without people and administrators', async () => {
    const found = await ids({ pagination: { pageNumber: 1, showNumber: 1_000 } })
    expect(found).toEqual(expect.arrayContaining(['news', 'bot_1', 'ads', 'ticker', 'robot']))
    expect(found).not.toContain('alice')
    expect(found).not.toContain('imAdmin')
    expect((await search({})).total).toBe(found.length)
  })

  it('finds an account by userID, or by nickname when no account has the userID', async () => {
    expect(await search({ keyword: 'ticker' })).toEqual({
      total: 1,
      notificationAccounts: [{ userID: 'ticker', faceURL: '', nickName: 'Stock', appMangerLevel: 3 }],
    })
    expect(await ids({ keyword: 'Stock' })).toEqual(['ticker', 'robot'])
    expect(await search({ keyword: 'alice' })).toEqual({ total: 0, notificationAccounts: [] })
  })

  it('filters by level and returns pages', async () => {
    expect(await ids({ keyword: 'Stock', appManagerLevel: 4 })).toEqual(['robot'])
    expect(await ids({ appManagerLevel: 0 })).toEqual([])
    expect(await search({ keyword: 'Stock', pagination: { pageNumber: 2, showNumber: 1 } })).toMatchObject({
      total: 2,
      notificationAccounts: [{ userID: 'robot' }],
    })
    expect((await call('search', { keyword: 'x' })).errCode).toBe(1001)
  })
})
