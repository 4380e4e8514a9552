import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RequestRate } from '../../src/objects/user/state/request-rate.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { GetMaxSeqReq } from '../../src/protocol/proto/index.ts'
import { adminToken, Device, gatewayQuery, post, register, request, until, userToken } from '../rigs/rig.ts'

beforeAll(async () => {
  await register('alice', 'bob', 'carol', 'dave')
})

afterEach(async () => {
  await post('/config/reset_config', {}, await adminToken())
})

/** The limits in test/vitest.config.ts: calls of an address, calls of a user, connections of an address. */
const [OF_ADDRESS, OF_USER, OF_CONNECTIONS] = [5, 3, 2]

async function set(configName: string, RateLimiter: object): Promise<void> {
  const data = JSON.stringify({ RateLimiter })
  const reply = await post('/config/set_config', { configName, data }, await adminToken())
  expect(reply.errCode).toBe(0)
}

/**
 * Turns the limits on. The counters restart every minute, so it waits until the minute has 20 seconds left: otherwise a
 * test could see two counters.
 */
async function limitCalls(): Promise<void> {
  await set('openim-api.yml', { Enable: true })
  await until(() => new Date().getSeconds() < 40)
}

const usersInfo = (address: string, token: string) =>
  request('/user/get_users_info', {
    method: 'POST',
    headers: { operationID: 'test', token, 'cf-connecting-ip': address },
    body: '{"userIDs":["alice"]}',
  })

const codesOf = async (calls: number, call: () => Promise<Response>) => {
  const codes: number[] = []
  for (let i = 0; i < calls; i++) codes.push((await (await call()).json<{ errCode: number }>()).errCode)
  return codes
}

describe('the rate limit of calls', () => {
  it('does not apply unless the setting turns it on', async () => {
    const token = await userToken('alice')
    expect(await codesOf(20, () => usersInfo('192.0.2.1', token))).toEqual(Array(20).fill(0))
  })

  it('limits the calls of one address, but not of other addresses or administrators', async () => {
    const admin = await adminToken()
    await limitCalls()
    const wrong = () => usersInfo('192.0.2.2', 'garbage')
    expect(await codesOf(OF_ADDRESS + 2, wrong)).toEqual([...Array(OF_ADDRESS).fill(1503), 429, 429])
    expect(await codesOf(1, () => usersInfo('192.0.2.3', 'garbage'))).toEqual([1503])
    expect(await codesOf(2, () => usersInfo('192.0.2.2', admin))).toEqual([0, 0])
    expect(await codesOf(1, wrong)).toEqual([429])
  })

  it('answers excess calls with HTTP status 429, a retry-after header and the envelope', async () => {
    await limitCalls()
    await codesOf(OF_ADDRESS, () => usersInfo('192.0.2.4', 'garbage'))
    const response = await usersInfo('192.0.2.4', 'garbage')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('60')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({
      errCode: 429,
      errMsg: 'TooManyRequests',
      errDlt: 'there were too many calls from one address; try again in a minute',
    })
  })

  it('limits the calls of one user from all addresses together, but not of another user', async () => {
    const [bob, carol, admin] = [await userToken('bob'), await userToken('carol'), await adminToken()]
    await limitCalls()
    expect(await codesOf(OF_USER, () => usersInfo('192.0.2.5', bob))).toEqual(Array(OF_USER).fill(0))
    expect(await codesOf(2, () => usersInfo('192.0.2.6', bob))).toEqual([429, 429])
    expect(await codesOf(1, () => usersInfo('192.0.2.6', carol))).toEqual([0])
    expect(await codesOf(OF_USER + 1, () => usersInfo('192.0.2.7', admin))).toEqual(Array(OF_USER + 1).fill(0))
  })

  it('does not limit calls without a client address', async () => {
    const headers = { operationID: 'test', token: 'garbage' }
    await limitCalls()
    const call = () => request('/user/get_users_info', { method: 'POST', headers, body: '{}' })
    expect(await codesOf(OF_ADDRESS + 1, call)).toEqual(Array(OF_ADDRESS + 1).fill(1503))
  })
})

describe('the rate limit of connections', () => {
  const connect = (address: string, userID: string, token: string) =>
    request(`/ws?${gatewayQuery(userID, token, 'js', { isMsgResp: 'false' })}`, {
      headers: { Upgrade: 'websocket', 'cf-connecting-ip': address },
    })
  const outcome = async (response: Response) =>
    response.webSocket ? 'open' : (await response.json<{ errCode: number }>()).errCode

  it('limits the connections of one address before the token is checked', async () => {
    const token = await userToken('carol')
    await limitCalls()
    const outcomes = []
    for (const given of [token, 'garbage', token, 'garbage']) {
      outcomes.push(await outcome(await connect('192.0.2.8', 'carol', given)))
    }
    expect(outcomes).toEqual(['open', 1503, 429, 429])
    expect(await outcome(await connect('192.0.2.9', 'carol', token))).toBe('open')
  })

  it('counts a connection as a call of its user', async () => {
    const token = await userToken('dave')
    await limitCalls()
    expect(await codesOf(OF_USER - 1, () => usersInfo('192.0.2.10', token))).toEqual(Array(OF_USER - 1).fill(0))
    expect(await outcome(await connect('192.0.2.10', 'dave', token))).toBe('open')
    expect(await outcome(await connect('192.0.2.10', 'dave', token))).toBe(429)
  })

  it('refuses an excess connection in a text frame when the client sends isMsgResp', async () => {
    const token = await userToken('alice')
    await limitCalls()
    const query = gatewayQuery('alice', token, 'js')
    const headers = { Upgrade: 'websocket', 'cf-connecting-ip': '192.0.2.11' }
    for (let i = 0; i < OF_CONNECTIONS; i++) await request(`/ws?${query}`, { headers })
    const { webSocket } = await request(`/ws?${query}`, { headers })
    const tooMany = new Device('alice', 'js', webSocket as WebSocket)
    expect(await tooMany.handshake()).toMatchObject({ errCode: 429, errMsg: 'TooManyRequests' })
    expect(await tooMany.closed).toMatchObject({ code: 1008 })
  })
})

describe('the rate limit of requests on a connection', () => {
  it('limits each connection separately, and does not close the connection', async () => {
    const token = await userToken('alice')
    const [device, other] = [await Device.connect('alice', { token }), await Device.connect('alice', { token })]
    await set('openim-msggateway.yml', { RequestsPerMinute: 3 })
    for (const text of ['one', 'two', 'three']) await device.sendText('bob', text)
    await expect(device.sendText('bob', 'four')).rejects.toThrow(
      /^429 TooManyRequests: a connection may make at most 3/,
    )
    await other.sendText('bob', 'five')
    await post('/config/reset_config', {}, await adminToken())
    const data = GetMaxSeqReq.encode({ userID: 'alice' }).finish()
    expect((await device.request(WsRequestID.GetNewestSeq, data)).errCode).toBe(0)
  })

  it('allows more requests as time passes, up to the limit of one minute', () => {
    const rate = new RequestRate()
    const socket = new WebSocketPair()[0]
    const taken = (now: number, tries: number) =>
      Array.from({ length: tries }, () => rate.take(socket, 60, now)).filter(Boolean).length
    expect(taken(0, 100)).toBe(60)
    expect(taken(2_000, 100)).toBe(2)
    expect(taken(500_000, 100)).toBe(60)
    expect(rate.take(socket, 0, 500_000)).toBe(true)
  })
})
