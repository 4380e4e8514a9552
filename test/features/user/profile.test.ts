import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { friend } from '../../../src/features/friend/tables.ts'
import { updateUserInfoEx } from '../../../src/features/user/update-user-info.ts'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { AfterReply } from '../../../src/runtime/after-reply.ts'
import { type CallerContext, createContext } from '../../../src/runtime/context.ts'
import { adminToken, bindings, Device, post, register, until, userToken } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }

const infoOf = async (userID: string) =>
  (await post('/user/get_users_info', { userIDs: [userID] }, await adminToken())).data.usersInfo[0]

/** The notifications of one content type that a device received, with their senders, operationIDs and conversations. */
function notificationsOf(device: Device, contentType: number) {
  return device.pushes.flatMap(({ operationID, messages }) =>
    Object.entries(messages.notificationMsgs).flatMap(([conversationID, log]) =>
      log.Msgs.filter((msg) => msg.contentType === contentType).map((msg) => ({
        conversationID,
        operationID,
        from: msg.sendID,
        to: msg.recvID,
        seq: msg.seq,
        detail: JSON.parse(JSON.parse(new TextDecoder().decode(msg.content)).detail),
      })),
    ),
  )
}

const updates = (device: Device) => notificationsOf(device, ContentType.UserInfoUpdatedNotification)

async function befriend(ownerUserID: string, friendUserID: string): Promise<void> {
  const row = {
    ownerUserID,
    friendUserID,
    remark: '',
    createTime: 1_700_000_000_000,
    addSource: 1,
    operatorUserID: 'imAdmin',
    ex: '',
    isPinned: false,
  }
  await openDatabase(bindings.DB).insert(friend).values(row)
}

beforeAll(() => register('alice', 'bob'))

describe('a changed name', () => {
  it('is reported to the online users of recent chats who are no friends, once, and to no offline user', async () => {
    await register('vera', 'stan', 'fred', 'otto')
    await befriend('fred', 'vera')
    const vera = await Device.connect('vera')
    const [stan, fred] = [await Device.connect('stan'), await Device.connect('fred')]
    for (const userID of ['stan', 'fred', 'otto']) await vera.sendText(userID, `hello ${userID}`)
    const userInfo = { userID: 'vera', nickname: 'Vera V.' }
    expect(await post('/user/update_user_info_ex', { userInfo }, await userToken('vera'))).toEqual(OK)
    const told = (device: Device) => notificationsOf(device, ContentType.FriendInfoUpdatedNotification)
    await until(() => told(stan).length > 0 && told(fred).length > 0)
    expect(told(stan)).toMatchObject([{ from: 'vera', to: 'stan', seq: 0, detail: { userID: 'vera' } }])
    expect(told(fred)).toHaveLength(1)
    const otto = await Device.connect('otto')
    await otto.handshake()
    expect(told(otto)).toEqual([])
  })
})

describe('update_user_info_ex', () => {
  it('changes the given fields, keeps absent fields and clears empty fields', async () => {
    const token = await userToken('alice')
    const update = (userInfo: object) => post('/user/update_user_info_ex', { userInfo }, token)
    expect(await update({ userID: 'alice', nickname: 'Alice A.', ex: 'e' })).toEqual(OK)
    expect(await infoOf('alice')).toMatchObject({ nickname: 'Alice A.', ex: 'e', faceURL: 'https://x/alice.png' })
    await update({ userID: 'alice', faceURL: '', nickname: null })
    expect(await infoOf('alice')).toMatchObject({ nickname: 'Alice A.', ex: 'e', faceURL: '' })
  })

  it('refuses the profiles of other users', async () => {
    const userInfo = { userID: 'bob', nickname: 'Bobby' }
    expect((await post('/user/update_user_info_ex', { userInfo }, await userToken('alice'))).errCode).toBe(1002)
    expect((await post('/user/update_user_info_ex', { userInfo }, await adminToken())).errCode).toBe(0)
  })

  it.each([{ nickname: 'x' }, {}])('refuses unknown users with error 1004: fields %j', async (fields) => {
    const userInfo = { userID: 'nobody', ...fields }
    expect((await post('/user/update_user_info_ex', { userInfo }, await adminToken())).errCode).toBe(1004)
  })

  it.each([
    ['an empty nickname', { nickname: '' }],
    ['a nickname of a thousand letters', { nickname: 'x'.repeat(1_000) }],
    ['an option that does not exist', { globalRecvMsgOpt: 3 }],
    ['an ex of ten thousand letters', { ex: 'x'.repeat(10_000) }],
  ])('refuses %s with error 1001 and the name of the field', async (_what, fields) => {
    const reply = await post(
      '/user/update_user_info_ex',
      { userInfo: { userID: 'alice', ...fields } },
      await adminToken(),
    )
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt).toContain(Object.keys(fields)[0])
  })
})

describe('update_user_info', () => {
  const update = async (userInfo: object, token?: string) =>
    post('/user/update_user_info', { userInfo }, token ?? (await adminToken()))

  it('changes fields that are not empty, and clears no field', async () => {
    await register('older')
    expect(await update({ userID: 'older', nickname: 'Old', ex: 'e', globalRecvMsgOpt: 2 })).toEqual(OK)
    expect(await update({ userID: 'older', nickname: '', faceURL: '', ex: '', globalRecvMsgOpt: 0 })).toEqual(OK)
    expect(await infoOf('older')).toMatchObject({
      nickname: 'Old',
      faceURL: 'https://x/older.png',
      ex: 'e',
      globalRecvMsgOpt: 2,
    })
  })

  it('does not change level and time of registration', async () => {
    const before = await infoOf('bob')
    expect((await update({ userID: 'bob', appMangerLevel: 2, createTime: 1, ex: 'x' })).errCode).toBe(0)
    expect(await infoOf('bob')).toEqual({ ...before, ex: 'x' })
  })

  it('refuses callers other than the user and app administrators, and unknown users', async () => {
    expect((await update({ userID: 'alice', ex: 'mine' }, await userToken('alice'))).errCode).toBe(0)
    expect((await update({ userID: 'bob', ex: 'yours' }, await userToken('alice'))).errCode).toBe(1002)
    expect((await update({ userID: 'nobody', ex: 'x' })).errCode).toBe(1004)
    expect((await update({ userID: 'nobody' })).errCode).toBe(1004)
    expect((await update({ userID: '' })).errCode).toBe(1001)
    expect((await post('/user/update_user_info', {}, await adminToken())).errCode).toBe(1001)
  })
})

describe('set_global_msg_recv_opt', () => {
  const set = (userID: string, globalRecvMsgOpt: unknown, token: string) =>
    post('/user/set_global_msg_recv_opt', { userID, globalRecvMsgOpt }, token)

  it.each([2, 1, 0])('sets receive option %i for the user', async (option) => {
    expect(await set('alice', option, await userToken('alice'))).toEqual(OK)
    expect((await infoOf('alice')).globalRecvMsgOpt).toBe(option)
  })

  it('refuses callers other than the user and app administrators, and unknown users', async () => {
    expect((await set('bob', 2, await userToken('alice'))).errCode).toBe(1002)
    expect((await set('bob', 2, await adminToken())).errCode).toBe(0)
    expect((await set('nobody', 2, await adminToken())).errCode).toBe(1004)
  })

  it.each([3, -1, 1.5, '1'])('refuses %j with error 1001', async (option) => {
    expect((await set('alice', option, await adminToken())).errCode).toBe(1001)
  })
})

describe('a changed profile', () => {
  let next = 0
  let carol: string
  let phone: Device
  let laptop: Device
  let token: string

  beforeEach(async () => {
    carol = `carol_${next++}`
    await register(carol)
    token = await userToken(carol)
    phone = await Device.connect(carol, { platformID: 2, kind: 'go' })
    laptop = await Device.connect(carol, { token })
  })

  it.each([
    ['/user/update_user_info_ex', (userID: string) => ({ userInfo: { userID, nickname: 'C' } })],
    ['/user/update_user_info', (userID: string) => ({ userInfo: { userID, ex: 'C' } })],
    ['/user/set_global_msg_recv_opt', (userID: string) => ({ userID, globalRecvMsgOpt: 2 })],
  ])('is announced to the online devices of the user after %s', async (path, body) => {
    expect((await post(path, body(carol), token)).errCode).toBe(0)
    await until(() => updates(phone).length === 1 && updates(laptop).length === 1)
    expect(updates(phone)).toEqual([
      {
        conversationID: `n_${carol}_${carol}`,
        operationID: 'test-operation',
        from: carol,
        to: carol,
        seq: 0,
        detail: { userID: carol },
      },
    ])
    expect(updates(laptop)).toEqual(updates(phone))
  })

  it('is also announced to the administrator who made the change', async () => {
    const admins = await Device.connect('imAdmin', { token: await adminToken(), platformID: 10 })
    const userInfo = { userID: carol, faceURL: 'https://x/new.png' }
    expect((await post('/user/update_user_info_ex', { userInfo }, await adminToken())).errCode).toBe(0)
    const byAdmin = { from: 'imAdmin', to: carol, detail: { userID: carol } }
    await until(() => [phone, laptop, admins].every((device) => updates(device).length === 1))
    for (const device of [phone, laptop, admins]) expect(updates(device)).toMatchObject([byAdmin])
  })

  it('is not announced without a field or after a refused call', async () => {
    await post('/user/update_user_info_ex', { userInfo: { userID: carol } }, token)
    await post('/user/update_user_info', { userInfo: { userID: carol, nickname: '' } }, token)
    await post('/user/update_user_info_ex', { userInfo: { userID: carol, nickname: 'x' } }, await userToken('alice'))
    // A later change, so that the test can wait for its notification.
    await post('/user/update_user_info_ex', { userInfo: { userID: carol, ex: 'announced' } }, token)
    await until(() => updates(phone).length > 0 && updates(laptop).length > 0)
    expect([updates(phone).length, updates(laptop).length]).toEqual([1, 1])
  })

  it('is stored even when the notification of the devices fails', async () => {
    const logged: string[] = []
    const afterReply = new AfterReply()
    const real = createContext(bindings, 'test-operation', afterReply)
    const ctx: CallerContext = {
      ...real,
      caller: { userID: carol, platformID: 5, isAdmin: false },
      log: { ...real.log, error: (message) => logged.push(message) },
      user: () => {
        throw new Error('no object answers')
      },
      conversation: () => {
        throw new Error('no object answers')
      },
    }
    const unchanged = { nickname: null, faceURL: null, globalRecvMsgOpt: null }
    await updateUserInfoEx(ctx, { userInfo: { userID: carol, ex: 'kept', ...unchanged } })
    expect(await infoOf(carol)).toMatchObject({ ex: 'kept' })
    await afterReply.run(ctx.log)
    expect(logged).toEqual(['task after the reply failed'])
    expect(updates(phone)).toEqual([])
  })

  it('is announced to friends through the queue, and found at their next sync', async () => {
    const dave = `dave_of_${carol}`
    await register(dave)
    await befriend(dave, carol)
    const daves = await userToken(dave)
    const device = await Device.connect(dave, { token: daves })
    const sync = (versionID: string, version: number) =>
      post('/friend/get_incremental_friends', { userID: dave, versionID, version }, daves)
    const full = await sync('', 0)
    expect(full.data).toMatchObject({ full: true, version: 1 })
    const { versionID, version } = full.data
    await post('/user/update_user_info_ex', { userInfo: { userID: carol, nickname: 'Caroline' } }, token)
    const friendUpdates = () => notificationsOf(device, ContentType.FriendInfoUpdatedNotification)
    await until(() => friendUpdates().length === 1)
    expect(friendUpdates()).toMatchObject([{ from: carol, to: dave, seq: 0, detail: { userID: carol } }])
    const reply = await sync(versionID, version)
    expect(reply.data).toMatchObject({ full: false, version: version + 1, delete: null, insert: null })
    expect(reply.data.update).toMatchObject([
      { ownerUserID: dave, createTime: 1_700_000_000, friendUser: { userID: carol, nickname: 'Caroline' } },
    ])
  })
})
