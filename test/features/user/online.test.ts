import { evictAllDurableObjects, listDurableObjectIds } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { SetAppBackgroundStatusReq } from '../../../src/protocol/proto/index.ts'
import { adminToken, bindings, Device, post, register, request, until, userToken } from '../../rigs/rig.ts'

const tokens = { phone: '', laptop: '', browser: '', bob: '' }
let phone: Device

/** Alice is here with a phone, a laptop and two browsers; Bob is not. */
beforeAll(async () => {
  await register('alice', 'bob', 'carol')
  tokens.phone = await userToken('alice', 2)
  tokens.laptop = await userToken('alice', 3)
  tokens.browser = await userToken('alice')
  tokens.bob = await userToken('bob')
  phone = await Device.connect('alice', { token: tokens.phone, platformID: 2, kind: 'go' })
  await Device.connect('alice', { token: tokens.laptop, platformID: 3 })
  await Device.connect('alice', { token: tokens.browser })
  await Device.connect('alice', { token: tokens.browser })
})

describe('get_users_status', () => {
  const statusOf = (userIDs: unknown) => post('/user/get_users_status', { userID: 'bob', userIDs }, tokens.bob)

  it('says on which platforms each user is, in the order asked, unknown users too', async () => {
    expect((await statusOf(['bob', 'alice', 'nobody'])).data.statusList).toEqual([
      { userID: 'bob', status: 0, platformIDs: [] },
      { userID: 'alice', status: 1, platformIDs: [2, 3, 5] },
      { userID: 'nobody', status: 0, platformIDs: [] },
    ])
  })

  it('follows who comes and goes', async () => {
    const device = await Device.connect('carol', { platformID: 9 })
    expect((await statusOf(['carol'])).data.statusList).toEqual([{ userID: 'carol', status: 1, platformIDs: [9] }])
    device.close()
    await device.closed
    await until(async () => (await statusOf(['carol'])).data.statusList[0].status === 0)
  })

  it.each([[[]], [null], [Array.from({ length: 1_001 }, (_, i) => `u${i}`)]])('refuses %.20j', async (userIDs) => {
    expect((await statusOf(userIDs)).errCode).toBe(1001)
  })

  it('answers for a thousand users', async () => {
    const userIDs = Array.from({ length: 999 }, (_, i) => `ghost_${i}`)
    const { statusList } = (await statusOf([...userIDs, 'alice'])).data
    expect(statusList).toHaveLength(1_000)
    expect(statusList.at(-1)).toMatchObject({ userID: 'alice', status: 1 })
  })
})

describe('get_users_online_status', () => {
  const connectionsOf = async (userIDs: unknown) =>
    post('/user/get_users_online_status', { userIDs }, await adminToken())

  it('lists every connection with its platform and token, also of a sleeping object', async () => {
    await evictAllDurableObjects()
    const { data } = await connectionsOf(['alice', 'bob', 'nobody'])
    const live = (platformID: number, token: string) => ({
      platformID,
      connID: expect.any(String),
      isBackground: false,
      token,
    })
    expect(data).toEqual([
      {
        userID: 'alice',
        status: 1,
        detailPlatformStatus: [
          live(2, tokens.phone),
          live(3, tokens.laptop),
          live(5, tokens.browser),
          live(5, tokens.browser),
        ],
      },
      { userID: 'bob', status: 0, detailPlatformStatus: [] },
      { userID: 'nobody', status: 0, detailPlatformStatus: [] },
    ])
    const connIDs = data[0].detailPlatformStatus.map((connection: { connID: string }) => connection.connID)
    expect(new Set(connIDs).size).toBe(4)
  })

  it('tells which device is in the background', async () => {
    const data = SetAppBackgroundStatusReq.encode({ userID: 'alice', isBackground: true }).finish()
    expect((await phone.request(WsRequestID.SetBackgroundStatus, data)).errCode).toBe(0)
    const [alice] = (await connectionsOf(['alice'])).data
    const inBackground = alice.detailPlatformStatus.map((one: { isBackground: boolean }) => one.isBackground)
    expect(inBackground).toEqual([true, false, false, false])
  })

  it('answers nobody with an empty list, and takes a thousand userIDs at most', async () => {
    expect((await connectionsOf([])).data).toEqual([])
    expect((await connectionsOf(null)).data).toEqual([])
    expect((await connectionsOf(Array.from({ length: 1_001 }, (_, i) => `u${i}`))).errCode).toBe(1001)
    expect((await connectionsOf('alice')).errCode).toBe(1001)
  })

  it('is for administrators', async () => {
    expect((await post('/user/get_users_online_status', { userIDs: ['bob'] }, tokens.bob)).errCode).toBe(1002)
  })
})

describe('get_users_online_token_detail', () => {
  const path = '/user/get_users_online_token_detail'

  it('lists the tokens of who is online, by platform', async () => {
    expect((await post(path, { userIDs: ['bob', 'alice', 'nobody'] }, await adminToken())).data).toEqual([
      {
        userID: 'alice',
        status: 1,
        singlePlatformToken: [
          { platformID: 2, total: 1, token: [tokens.phone] },
          { platformID: 3, total: 1, token: [tokens.laptop] },
          { platformID: 5, total: 2, token: [tokens.browser, tokens.browser] },
        ],
      },
    ])
  })

  it('shows nothing to others, without an error', async () => {
    const reply = await post(path, { userIDs: ['alice'] }, tokens.bob)
    expect(reply).toEqual({ errCode: 0, errMsg: '', errDlt: '', data: [] })
  })
})

it.each(['/user/get_users_online_status', '/user/get_users_online_token_detail'])(
  '%s answers a bad body with the HTTP status 400',
  async (path) => {
    const headers = { operationID: 'test-operation', token: await adminToken() }
    const response = await request(path, { method: 'POST', headers, body: '{"userIDs":"alice"}' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errCode: 1001, errMsg: 'ArgsError' })
  },
)

describe('the subscriptions of the REST interface', () => {
  const subscribe = (userIDs: string[], genre = 1) =>
    post('/user/subscribe_users_status', { userID: 'bob', userIDs, genre }, tokens.bob)
  const watched = async () =>
    (await post('/user/get_subscribe_users_status', { userID: 'bob' }, tokens.bob)).data.statusList
  const erika = { userID: 'erika', status: 0, platformIDs: [] }

  it('are those of the connections on the platform of the token, which hear who comes and goes', async () => {
    await register('erika')
    const browser = await Device.connect('bob', { token: tokens.bob })
    const desktop = await Device.connect('bob', { platformID: 4 })
    const { data } = await subscribe(['erika', 'alice', 'phantom_friend'])
    expect(data.statusList).toEqual([
      erika,
      expect.objectContaining({ userID: 'alice', status: 1 }),
      { userID: 'phantom_friend', status: 0, platformIDs: [] },
    ])
    expect(await watched()).toEqual(expect.arrayContaining([erika]))
    expect(await watched()).toHaveLength(2)
    await Device.connect('erika')
    await until(() => browser.presence('erika')?.join() === '5')
    expect(desktop.presence('erika')).toBeUndefined()
    expect((await subscribe(['erika', 'alice'], 2)).data).toEqual({ statusList: [] })
    expect(await watched()).toEqual([])
    expect((await listDurableObjectIds(bindings.USER)).map(String)).not.toContain(
      String(bindings.USER.idFromName('phantom_friend')),
    )
  })

  it('are none without a connection, though it is said where users are', async () => {
    await register('dora')
    const token = await userToken('dora')
    const body = { userID: 'dora', userIDs: ['bob'], genre: 1 }
    expect((await post('/user/subscribe_users_status', body, token)).data.statusList).toHaveLength(1)
    expect((await post('/user/get_subscribe_users_status', { userID: 'dora' }, token)).data).toEqual({ statusList: [] })
  })

  it.each([
    ['nobody', { userID: '', userIDs: ['alice'], genre: 1 }],
    ['no list', { userID: 'bob', genre: 1 }],
    ['neither of the two', { userID: 'bob', userIDs: ['alice'], genre: 3 }],
  ])('refuse %s', async (_what, body) => {
    expect((await post('/user/subscribe_users_status', body, tokens.bob)).errCode).toBe(1001)
  })
})

it('asking for a userID that nobody has registered makes no object', async () => {
  const path = '/user/get_users_status'
  expect((await post(path, { userIDs: ['phantom', 'bob'] }, tokens.bob)).data.statusList).toHaveLength(2)
  const made = (await listDurableObjectIds(bindings.USER)).map(String)
  expect(made).toContain(String(bindings.USER.idFromName('bob')))
  expect(made).not.toContain(String(bindings.USER.idFromName('phantom')))
})
