import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { configOf } from '../../../src/config/index.ts'
import type { UserObject } from '../../../src/objects/user/user-object.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { DelUserPushTokenReq, SetAppBackgroundStatusReq } from '../../../src/protocol/proto/index.ts'
import { signToken } from '../../../src/runtime/jwt.ts'
import {
  adminToken,
  bindings,
  Device,
  gatewayQuery,
  post,
  type ReplyBody,
  register,
  request,
  type SdkKind,
  until,
  user,
  userToken,
} from '../../rigs/rig.ts'

const { secret } = configOf(bindings)

async function refusal(userID: string, token: string, given: Record<string, string> = {}): Promise<ReplyBody> {
  const query = gatewayQuery(userID, token, 'go', { isMsgResp: 'false', ...given })
  const response = await request(`/?${query}`, { headers: { Upgrade: 'websocket' } })
  expect(response.status).toBe(200)
  return response.json()
}

/** The refusal as a browser gets it: an upgrade, one text frame, a close. */
async function refusalFrame(userID: string, token: string, kind: SdkKind): Promise<ReplyBody> {
  const device = await Device.connect(userID, { token, kind })
  const reply = await device.handshake()
  await device.closed
  return reply
}

const at = (userID: string, options: { now?: number; expireSeconds?: number; secret?: string } = {}) =>
  signToken({ userID, platformID: 5 }, { secret, now: Date.now(), expireSeconds: 3600, ...options })

/** Waits for a pong: every frame sent to the device before it has arrived then, too. */
async function pong(device: Device): Promise<void> {
  device.sendRaw('{"type":"ping"}')
  await until(() => device.frames.some((frame) => typeof frame === 'string' && frame.includes('"pong"')))
}

describe('a handshake', () => {
  it.each(['/', '/ws', '/msg_gateway'])('is accepted at %s', async (path) => {
    await register(`path${path.length}`)
    const device = await Device.connect(`path${path.length}`, { path })
    expect(await device.handshake()).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
  })

  it('is accepted without a text frame when isMsgResp is false', async () => {
    await register('silent')
    const device = await Device.connect('silent', { kind: 'go', query: { isMsgResp: 'false' } })
    await pong(device)
    expect(device.frames).toHaveLength(1)
  })

  it('is refused with a different error for expired, foreign, malformed, unknown or mismatched tokens', async () => {
    await register('tess', 'other')
    const good = await userToken('tess')
    const expired = await at('tess', { now: Date.now() - 7_200_000 })
    const foreign = await at('tess', { secret: 'another secret' })
    const unknown = await at('tess', { expireSeconds: 1234 })
    expect((await refusal('tess', expired.token)).errCode).toBe(1501)
    expect((await refusal('tess', foreign.token)).errCode).toBe(1505)
    expect((await refusal('tess', 'garbage')).errCode).toBe(1503)
    expect((await refusal('tess', unknown.token)).errCode).toBe(1507)
    expect((await refusal('other', good)).errCode).toBe(1502)
    expect((await refusal('tess', good, { platformID: '2' })).errCode).toBe(1502)
  })

  it.each(['js', 'go'] as const)('is refused in a text frame when the %s client requested a frame', async (kind) => {
    await register(`frame_${kind}`)
    const expired = await at(`frame_${kind}`, { now: Date.now() - 7_200_000 })
    const reply = await refusalFrame(`frame_${kind}`, expired.token, kind)
    expect(reply).toMatchObject({ errCode: 1501, errMsg: 'TokenExpiredError' })
    expect(reply.errDlt).not.toBe('')
  })

  it.each([
    ['token', 1602],
    ['sendID', 1602],
    ['operationID', 1602],
    ['platformID', 1602],
    ['isBackground', 500],
  ])('is refused with an argument error when %s is missing', async (name, code) => {
    await register(`miss_${name}`)
    const reply = await refusal(`miss_${name}`, await userToken(`miss_${name}`), { [name]: '' })
    expect(reply.errCode).toBe(code)
    expect(reply.errDlt).not.toBe('')
  })

  it('is refused with an argument error when the SDK type or the platform is unknown', async () => {
    await register('odd')
    const token = await userToken('odd')
    expect((await refusal('odd', token, { sdkType: 'cobol' })).errCode).toBe(1602)
    expect((await refusal('odd', token, { platformID: '12' })).errCode).toBe(1602)
  })
})

describe('a session', () => {
  it('is ended by the next login on its platform: kicked on the socket, then refused with error 1506', async () => {
    await register('kira')
    const old = await userToken('kira')
    const device = await Device.connect('kira', { token: old })
    const fresh = await userToken('kira')
    expect((await post('/user/get_users_info', { userIDs: ['kira'] }, old)).errCode).toBe(1506)
    await Device.connect('kira', { token: fresh })
    expect((await device.closed).reason).toContain('1506')
    expect(device.kicked).toBe(true)
    expect((await refusalFrame('kira', old, 'js')).errCode).toBe(1506)
    expect((await post('/user/get_users_info', { userIDs: ['kira'] }, fresh)).errCode).toBe(0)
    // The object still knows it after a hibernation.
    await evictAllDurableObjects()
    expect((await refusalFrame('kira', old, 'js')).errCode).toBe(1506)
    expect((await post('/user/get_users_info', { userIDs: ['kira'] }, fresh)).errCode).toBe(0)
  })

  it('survives a reconnect with the same token and logins on other platforms', async () => {
    await register('lena')
    const token = await userToken('lena')
    const first = await Device.connect('lena', { token })
    const again = await Device.connect('lena', { token })
    const phone = await Device.connect('lena', { platformID: 2 })
    for (const device of [first, again, phone]) await pong(device)
    expect([first.kicked, again.kicked, phone.kicked]).toEqual([false, false, false])
  })

  it('is refused at once after a forced logout, on REST and on the socket', async () => {
    await register('mona')
    const token = await userToken('mona')
    const device = await Device.connect('mona', { token })
    const reply = await post('/auth/force_logout', { userID: 'mona', platformID: 5 }, await adminToken())
    expect(reply).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    await device.closed
    expect(device.kicked).toBe(true)
    expect((await post('/user/get_users_info', { userIDs: ['mona'] }, token)).errCode).toBe(1506)
    expect((await post('/auth/parse_token', { token })).errCode).toBe(1506)
    expect((await refusal('mona', token)).errCode).toBe(1506)
  })

  it('ends with a logout frame, which is answered before the socket closes', async () => {
    await register('nora')
    const device = await Device.connect('nora', { kind: 'go' })
    const data = DelUserPushTokenReq.encode({ userID: 'nora', platformID: 5 }).finish()
    expect(await device.request(WsRequestID.LogoutMsg, data)).toMatchObject({ errCode: 0 })
    expect((await device.closed).code).toBe(1000)
  })

  it('can change to the background and return to the foreground', async () => {
    await register('odin')
    const device = await Device.connect('odin')
    for (const isBackground of [true, false]) {
      const data = SetAppBackgroundStatusReq.encode({ userID: '', isBackground }).finish()
      expect(await device.request(WsRequestID.SetBackgroundStatus, data)).toMatchObject({
        errCode: 0,
        data: Buffer.alloc(0),
      })
    }
  })

  it('gets no messages in the background on an iPhone, but gets them on Android', async () => {
    await register('ivan', 'ada')
    const ada = await Device.connect('ada')
    const phones = [await Device.connect('ivan', { platformID: 1 }), await Device.connect('ivan', { platformID: 2 })]
    for (const phone of phones) {
      const data = SetAppBackgroundStatusReq.encode({ userID: 'ivan', isBackground: true }).finish()
      await phone.request(WsRequestID.SetBackgroundStatus, data)
    }
    await ada.sendText('ivan', 'hello')
    await until(() => phones[1]?.received().length === 1)
    expect(phones[0]?.received()).toEqual([])
  })

  it('is still valid for an administrator who has a newer token', async () => {
    const older = await adminToken()
    const newer = await post('/auth/get_admin_token', { secret: 'openIM123', userID: 'imAdmin' })
    expect(newer.data.token).not.toBe(older)
    for (const token of [older, newer.data.token]) {
      expect((await post('/user/account_check', { checkUserIDs: [] }, token)).errCode).toBe(0)
    }
  })
})

describe('a close frame', () => {
  it.each(['js', 'go'] as const)('is answered when a %s client sends the frame', async (kind) => {
    await register(`bye_${kind}`)
    const device = await Device.connect(`bye_${kind}`, { kind })
    device.close()
    expect((await device.closed).code).toBe(1000)
  })

  it.each([
    [0, 1002],
    [999, 1002],
    [1004, 1002],
    [1005, 1000],
    [1006, 1000],
    [3001, 3001],
    [5000, 1002],
    [65_535, 1002],
  ])('is answered when its code is %i, and the user goes offline', async (code, answered) => {
    const userID = `odd_close_${code}`
    await register(userID)
    const device = await Device.connect(userID)
    await device.handshake()
    await runInDurableObject(bindings.USER.getByName(userID), async (object: UserObject, state) => {
      const [socket] = state.getWebSockets()
      if (socket) await object.webSocketClose(socket, code)
    })
    expect((await device.closed).code).toBe(answered)
    expect(await user(userID).onlinePlatforms()).toEqual([])
  })
})

describe('a heartbeat', () => {
  it('is answered with a pong when the JS SDK sends the ping', async () => {
    await register('ping')
    const device = await Device.connect('ping')
    device.sendRaw('{"type":"ping"}')
    await until(() => device.frames.length > 1)
    expect(JSON.parse(device.frames[1] as string)).toEqual({ type: 'pong', body: null })
  })

  it('is answered with the body of the ping', async () => {
    await register('pong')
    const device = await Device.connect('pong', { kind: 'go' })
    device.sendRaw('{"type":"ping","body":"op-1"}')
    await until(() => device.frames.length > 1)
    expect(JSON.parse(device.frames[1] as string)).toEqual({ type: 'pong', body: 'op-1' })
  })
})
