import { evictAllDurableObjects, listDurableObjectIds } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { SetAppBackgroundStatusReq } from '../../../src/protocol/proto/index.ts'
import { adminToken, bindings, Device, post, register, request, until, userToken } from '../../rigs/rig.ts'

const tokens = { phone: '', laptop: '', browser: '', bob: '' }
let phone: Device

/** Alice is online with a phone, a laptop and two browsers; Bob is offline. */
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

  it('returns the online platforms of each user in the given order, even for unknown users', async () => {
    expect((await statusOf(['bob', 'alice', 'nobody'])).data.statusList).toEqual([
      { userID: 'bob', status: 0, platformIDs: [] },
      { userID: 'alice', status: 1, platformIDs: [2, 3, 5] },
      { userID: 'nobody', status: 0, platformIDs: [] },
    ])
  })

  it('changes its answer when a user connects or disconnects', async () => {
    const device = await Device.connect('carol', { platformID: 9 })
    expect((await statusOf(['carol'])).data.statusList).toEqual([{ userID: 'carol', status: 1, platformIDs: [9] }])
    device.close()
    await device.closed
    await until(async () => (await statusOf(['carol'])).data.statusList[0].status === 0)
  })

  it.each([[[]], [null], [Array.from({ length: 1_001 }, (_, i) => `u${i}`)]])('refuses %.20j', async (userIDs) => {
    expect((await statusOf(userIDs)).errCode).toBe(1001)
  })

  it('answers for 1,000 users', async () => {
    const userIDs = Array.from({ length: 999 }, (_, i) => `ghost_${i}`)
    const { statusList } = (await statusOf([...userIDs, 'alice'])).data
    expect(statusList).toHaveLength(1_000)
    expect(statusList.at(-1)).toMatchObject({ userID: 'alice', status: 1 })
  })
})

describe('get_users_online_status', () => {
  const connectionsOf = async (userIDs: unknown) =>
    post('/user/get_users_online_status', { userIDs }, await adminToken())

  it('lists every connection with platform and token, even when the object hibernates', async () => {
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

  it('shows the devices that are in the background', async () => {
    const data = SetAppBackgroundStatusReq.encode({ userID: 'alice', isBackground: true }).finish()
    expect((await phone.request(WsRequestID.SetBackgroundStatus, data)).errCode).toBe(0)
    const [alice] = (await connectionsOf(['alice'])).data
    const inBackground = alice.detailPlatformStatus.map((one: { isBackground: boolean }) => one.isBackground)
    expect(inBackground).toEqual([true, false, false, false])
  })

  it('returns an empty list for no userIDs, and refuses more than 1,000', async () => {
    expect((await connectionsOf([])).data).toEqual([])
    expect((await connectionsOf(null)).data).toEqual([])
    expect((await connectionsOf(Array.from({ length: 1_001 }, (_, i) => `u${i}`))).errCode).toBe(1001)
    expect((await connectionsOf('alice')).errCode).toBe(1001)
  })

  it('refuses callers who are not app administrators', async () => {
    expect((await post('/user/get_users_online_status', { userIDs: ['bob'] }, tokens.bob)).errCode).toBe(1002)
  })
})

describe('get_users_online_token_detail', () => {
  const path = '/user/get_users_online_token_detail'

  it('lists the tokens of online users by platform', async () => {
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

  it('returns an empty list without an error to callers who are not app administrators', async () => {
    const reply = await post(path, { userIDs: ['alice'] }, tokens.bob)
    expect(reply).toEqual({ errCode: 0, errMsg: '', errDlt: '', data: [] })
  })
})

describe('a call that lists open connections', () => {
  it.each(['/user/get_users_online_status', '/user/get_users_online_token_detail'])(
    'answers an invalid body with HTTP status 400: %s',
    async (path) => {
      const headers = { operationID: 'test-operation', token: await adminToken() }
      const response = await request(path, { method: 'POST', headers, body: '{"userIDs":"alice"}' })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ errCode: 1001, errMsg: 'ArgsError' })
    },
  )
})

describe('presence subscriptions through the REST API', () => {
  const subscribe = (userIDs: string[], genre = 1) =>
    post('/user/subscribe_users_status', { userID: 'bob', userIDs, genre }, tokens.bob)
  const subscribed = async () =>
    (await post('/user/get_subscribe_users_status', { userID: 'bob' }, tokens.bob)).data.statusList
  const erika = { userID: 'erika', status: 0, platformIDs: [] }

  it('are made for the connections on the token’s platform, which then get presence changes', async () => {
    await register('erika')
    const browser = await Device.connect('bob', { token: tokens.bob })
    const desktop = await Device.connect('bob', { platformID: 4 })
    const { data } = await subscribe(['erika', 'alice', 'phantom_friend'])
    expect(data.statusList).toEqual([
      erika,
      expect.objectContaining({ userID: 'alice', status: 1 }),
      { userID: 'phantom_friend', status: 0, platformIDs: [] },
    ])
    expect(await subscribed()).toEqual(expect.arrayContaining([erika]))
    expect(await subscribed()).toHaveLength(2)
    await Device.connect('erika')
    await until(() => browser.presence('erika')?.join() === '5')
    expect(desktop.presence('erika')).toBeUndefined()
    expect((await subscribe(['erika', 'alice'], 2)).data).toEqual({ statusList: [] })
    expect(await subscribed()).toEqual([])
    expect((await listDurableObjectIds(bindings.USER)).map(String)).not.toContain(
      String(bindings.USER.idFromName('phantom_friend')),
    )
  })

  it('are not made when the user has no connection, but the reply has the online status', async () => {
    await register('dora')
    const token = await userToken('dora')
    const body = { userID: 'dora', userIDs: ['bob'], genre: 1 }
    expect((await post('/user/subscribe_users_status', body, token)).data.statusList).toHaveLength(1)
    expect((await post('/user/get_subscribe_users_status', { userID: 'dora' }, token)).data).toEqual({ statusList: [] })
  })

  it.each([
    ['no userID', { userID: '', userIDs: ['alice'], genre: 1 }],
    ['no list', { userID: 'bob', genre: 1 }],
    ['an unknown genre', { userID: 'bob', userIDs: ['alice'], genre: 3 }],
  ])('are refused with error 1001 when the request has %s', async (_what, body) => {
    expect((await post('/user/subscribe_users_status', body, tokens.bob)).errCode).toBe(1001)
  })
})

describe('get_users_status with an unknown userID', () => {
  it('creates no object for a userID that is not registered', async () => {
    const path = '/user/get_users_status'
    expect((await post(path, { userIDs: ['phantom', 'bob'] }, tokens.bob)).data.statusList).toHaveLength(2)
    const made = (await listDurableObjectIds(bindings.USER)).map(String)
    expect(made).toContain(String(bindings.USER.idFromName('bob')))
    expect(made).not.toContain(String(bindings.USER.idFromName('phantom')))
  })
})
