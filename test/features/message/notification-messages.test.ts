import { describe, expect, it } from 'vitest'
import type { MsgData } from '../../../src/protocol/proto/index.ts'
import { adminToken, Device, post, type ReplyBody, register, request, until, user, userToken } from '../../rigs/rig.ts'

let next = 0

async function reader(): Promise<{ reader: string; device: Device }> {
  const name = `reader_${next++}`
  await register(name)
  return { reader: name, device: await Device.connect(name) }
}

async function account(appMangerLevel = 3): Promise<string> {
  const userID = `news_${next++}`
  const users = [{ userID, nickname: 'News', appMangerLevel }]
  await post('/user/user_register', { users }, await adminToken())
  return userID
}

const detailOf = (msg: MsgData | undefined) => JSON.parse(JSON.parse(new TextDecoder().decode(msg?.content)).detail)

const waitBriefly = () => new Promise((resolve) => setTimeout(resolve, 100))

const image = { uuid: '', type: 'png', size: 1, width: 2, height: 3, url: 'https://x/p.png' }
const emptyImage = { uuid: '', type: '', size: 0, width: 0, height: 0, url: '' }
/** The empty elements that the examples of the older API send with a text-only notification. */
const EMPTY_ELEMENTS = {
  pictureElem: { sourcePath: '', sourcePicture: emptyImage, bigPicture: emptyImage, snapshotPicture: emptyImage },
  soundElem: { uuid: '', soundPath: '', sourceUrl: '', dataSize: 0, duration: 0 },
  videoElem: { videoPath: '', videoUUID: '', videoUrl: '', videoType: '', videoSize: 0, duration: 0 },
  fileElem: { filePath: '', uuid: '', sourceUrl: '', fileName: '', fileSize: 0 },
}

describe('send_msg by a notification account', () => {
  const notice = (given: object = {}) => ({
    notificationName: 'Payroll',
    notificationFaceURL: 'https://x/pay.png',
    notificationType: 1,
    text: 'Your payslip is there',
    url: 'https://x/slip',
    mixType: 0,
    ex: '',
    ...given,
  })

  const send = async (sendID: string, recvID: string, content: object, given: object = {}): Promise<ReplyBody> =>
    post('/msg/send_msg', { sendID, recvID, content, contentType: 1400, sessionType: 1, ...given }, await adminToken())

  it("writes to a notification conversation in the receiver's list only, whatever the sessionType", async () => {
    const { reader: bob, device } = await reader()
    const news = await account()
    const reply = await send(news, bob, notice())
    expect(reply).toMatchObject({ errCode: 0 })
    const channel = `sn_${news}_${bob}`
    await until(() => device.received().length === 1)
    const [received] = device.received()
    expect(received?.conversationID).toBe(channel)
    expect(received?.msg).toMatchObject({ contentType: 1400, sessionType: 4, msgFrom: 200, seq: 1, ...reply.data })
    expect(detailOf(received?.msg)).toEqual(notice())
    expect(await user(bob).conversations(null)).toMatchObject([
      { conversationID: channel, conversationType: 4, userID: news, groupID: '' },
    ])
    expect(await user(news).conversations(null)).toEqual([])
    expect(await user(news).newestSeqs()).toEqual({})
    expect(await user(bob).newestSeqs()).toEqual({ [channel]: 1 })
  })

  it('refuses a sender that is neither a notification account nor an administrator', async () => {
    const { reader: bob } = await reader()
    const person = await account(1)
    expect(await send(person, bob, notice())).toMatchObject({ errCode: 1002 })
    expect(await send('nobody', bob, notice())).toMatchObject({ errCode: 1101 })
    expect((await send('imAdmin', bob, notice())).errCode).toBe(0)
  })

  it.each([
    ['no name', { notificationName: '' }, 'notificationName'],
    ['no type', { notificationType: 0 }, 'notificationType'],
    ['no text', { text: undefined }, 'text'],
    ['an unknown mixType', { mixType: 6 }, 'mixType'],
    ['the mixType of a picture without a picture', { mixType: 1 }, 'pictureElem'],
    ['a picture without its size', { mixType: 1, ...EMPTY_ELEMENTS }, 'pictureElem.sourcePicture.type'],
    ['a video that is a string', { videoElem: 'v' }, 'videoElem'],
  ])('refuses %s with the name of the field', async (_what, given, field) => {
    const { reader: bob } = await reader()
    const reply = await send('imAdmin', bob, notice(given))
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt.startsWith(`content.${field}: `)).toBe(true)
  })

  it('delivers the elements that the mixType shows, together with empty elements', async () => {
    const { reader: bob, device } = await reader()
    const pictureElem = { sourcePicture: image, bigPicture: image, snapshotPicture: image }
    expect((await send('imAdmin', bob, notice(EMPTY_ELEMENTS))).errCode).toBe(0)
    expect((await send('imAdmin', bob, notice({ ...EMPTY_ELEMENTS, mixType: 1, pictureElem }))).errCode).toBe(0)
    await until(() => device.received().length === 2)
    expect(detailOf(device.received()[1]?.msg)).toEqual(notice({ ...EMPTY_ELEMENTS, mixType: 1, pictureElem }))
  })
})

describe('manager/send_msg', () => {
  const body = (sendID: string, recvID: string, content: object) => ({
    operationID: 'old-operation',
    sendID,
    recvID,
    senderNickname: 'System',
    senderFaceURL: 'https://x/sys.png',
    senderPlatformID: 1,
    contentType: 1400,
    sessionType: 4,
    isOnlineOnly: false,
    offlinePushInfo: { title: 'New notice', desc: '', ex: '', iOSPushSound: '', iOSBadgeCount: true },
    content,
  })

  const content = (given: object) => ({
    notificationName: 'Travel',
    notificationFaceURL: 'https://x/t.png',
    notificationType: 2,
    text: 'Your trip is booked',
    externalUrl: 'https://x/trip',
    mixType: 0,
    ...EMPTY_ELEMENTS,
    ...given,
  })

  /** Calls as backends of the older API do: the operationID is in the body only. */
  async function send(given: object | string, headers: Record<string, string> = {}): Promise<ReplyBody> {
    const init = { method: 'POST', headers: { token: await adminToken(), ...headers } }
    const text = typeof given === 'string' ? given : JSON.stringify(given)
    return (await request('/manager/send_msg', { ...init, body: text })).json()
  }

  it('answers the IDs and the time, and needs no operationID header', async () => {
    const { reader: bob, device } = await reader()
    const news = await account()
    const reply = await send(body(news, bob, content({})))
    expect(reply).toMatchObject({ errCode: 0, errMsg: '' })
    expect(reply.data).toEqual({
      serverMsgID: expect.stringMatching(/^[0-9a-f]{32}$/),
      clientMsgID: expect.stringMatching(/^[0-9a-f]{32}$/),
      sendTime: expect.any(Number),
    })
    await until(() => device.received().length === 1)
    expect(device.pushes[0]?.operationID).toBe('old-operation')
    expect(device.received()[0]?.msg).toMatchObject({
      ...reply.data,
      contentType: 1400,
      sessionType: 4,
      senderNickname: 'System',
      senderFaceURL: 'https://x/sys.png',
      offlinePushInfo: { title: 'New notice', iOSBadgeCount: true },
    })
    const { text, ...rest } = detailOf(device.received()[0]?.msg)
    expect(text).toBe('Your trip is booked')
    // Current clients read `url` or `externalUrl`, depending on their SDK.
    expect(rest).toMatchObject({ url: 'https://x/trip', externalUrl: 'https://x/trip', mixType: 0, ex: '' })
  })

  it('writes all notifications of a sender to one conversation, each with its own name and face', async () => {
    const { reader: bob, device } = await reader()
    const news = await account()
    for (const [notificationName, notificationFaceURL] of [
      ['Travel', 'https://x/t.png'],
      ['Payroll', 'https://x/p.png'],
    ]) {
      await send(body(news, bob, content({ notificationName, notificationFaceURL })))
    }
    await until(() => device.received().length === 2)
    expect(device.received().map(({ conversationID }) => conversationID)).toEqual(Array(2).fill(`sn_${news}_${bob}`))
    expect(device.received().map(({ msg }) => [msg.seq, detailOf(msg).notificationName])).toEqual([
      [1, 'Travel'],
      [2, 'Payroll'],
    ])
    expect(device.received().map(({ msg }) => detailOf(msg).notificationFaceURL)).toEqual([
      'https://x/t.png',
      'https://x/p.png',
    ])
  })

  it.each([
    [1, 'pictureElem', { sourcePath: '', sourcePicture: { url: 'https://x/1.png' } }],
    [2, 'videoElem', { videoUrl: 'https://x/v.mp4', duration: 5, snapshotUrl: 'https://x/s.png' }],
    [3, 'fileElem', { sourceUrl: 'https://x/f.pdf', fileName: 'f.pdf', fileSize: 7 }],
  ])('delivers mixType %i with its %s', async (mixType, name, element) => {
    const { reader: bob, device } = await reader()
    expect(await send(body('imAdmin', bob, content({ mixType, [name]: element })))).toMatchObject({ errCode: 0 })
    await until(() => device.received().length === 1)
    expect(detailOf(device.received()[0]?.msg)).toMatchObject({ mixType, [name]: element })
    expect(detailOf(device.received()[0]?.msg).soundElem).toEqual(EMPTY_ELEMENTS.soundElem)
  })

  it("accepts any registered user as the sender, as OpenIM's older API does", async () => {
    const { reader: bob, device } = await reader()
    const person = await account(1)
    expect((await send(body(person, bob, content({})))).errCode).toBe(0)
    await until(() => device.received().length === 1)
    expect(await send(body('nobody', bob, content({})))).toMatchObject({ errCode: 1101 })
    expect(await send(body(person, 'nobody', content({})))).toMatchObject({ errCode: 1004 })
  })

  it.each([
    [1400, 4, { notificationName: 'N', notificationType: 1, text: 'T' }],
    [101, 1, { text: 'hello' }],
  ])('names the account that is needed, and the call that makes it: %i', async (contentType, sessionType, content) => {
    const { reader: bob, device } = await reader()
    const sendID = `openIM${bob.replace('_', '')}`
    const message = { ...body(sendID, bob, content), contentType, sessionType }
    expect(await send(message)).toMatchObject({
      errCode: 1101,
      errDlt: expect.stringMatching(/notification account: \/user\/add_notification_account .*appMangerLevel 3/),
    })
    const made = { userID: sendID, nickName: 'News', faceURL: '', appMangerLevel: 3 }
    await post('/user/add_notification_account', made, await adminToken())
    expect((await send(message)).errCode).toBe(0)
    await until(() => device.received().length === 1)
  })

  it('requires an administrator, and an operationID in the body or the header', async () => {
    const { reader: bob } = await reader()
    const whole = body('imAdmin', bob, content({}))
    expect((await send(whole, { token: await userToken(bob) })).errCode).toBe(1002)
    expect((await send(whole, { token: '' })).errCode).toBe(1001)
    const nameless = { ...whole, operationID: undefined }
    expect(await send(nameless)).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('operationID') })
    expect((await send(nameless, { operationID: 'in-the-header' })).errCode).toBe(0)
    expect((await send('no JSON')).errCode).toBe(1001)
  })

  it('refuses an incomplete notification with the name of the field', async () => {
    const { reader: bob } = await reader()
    for (const [given, field] of [
      [{ text: '' }, 'content.text'],
      [{ notificationName: null }, 'content.notificationName'],
      [{ mixType: 9 }, 'content.mixType'],
      [{ mixType: 2, videoElem: null }, 'content.videoElem'],
    ] as const) {
      const reply = await send(body('imAdmin', bob, content(given)))
      expect([field, reply.errCode, reply.errDlt.startsWith(`${field}: `)]).toEqual([field, 1001, true])
    }
    expect((await send({ ...body('imAdmin', '', content({})) })).errDlt).toMatch(/^recvID: /)
  })

  it("sends a text whose field has the name from OpenIM's older API", async () => {
    const { reader: bob, device } = await reader()
    await register(`friend_${bob}`)
    const message = { ...body(`friend_${bob}`, bob, { text: 'hello' }), contentType: 101, sessionType: 1 }
    expect((await send(message)).errCode).toBe(0)
    await until(() => device.received().length === 1)
    expect(new TextDecoder().decode(device.received()[0]?.msg.content)).toBe('{"content":"hello"}')
    expect(device.received()[0]?.conversationID).toBe(`si_friend_${bob}_${bob}`)
  })
})

describe('send_business_notification', () => {
  const sendBusiness = async (given: object): Promise<ReplyBody> =>
    post('/msg/send_business_notification', { key: 'order', data: '{"id":7}', ...given }, await adminToken())

  it('delivers key and data to online devices, and stores no message', async () => {
    const { reader: bob, device } = await reader()
    const reply = await sendBusiness({ sendUserID: 'imAdmin', recvUserID: bob })
    expect(reply).toMatchObject({ errCode: 0 })
    expect(Object.keys(reply.data).sort()).toEqual(['clientMsgID', 'sendTime', 'serverMsgID'])
    await until(() => device.received().length === 1)
    const [received] = device.received()
    expect(received?.conversationID).toBe(`n_imAdmin_${bob}`)
    expect(received?.msg).toMatchObject({ contentType: 2001, sessionType: 1, seq: 0, msgFrom: 200, ...reply.data })
    expect(received?.msg.options).toMatchObject({ isNotNotification: false, history: false })
    expect(detailOf(received?.msg)).toEqual({ key: 'order', data: '{"id":7}' })
    expect(await user(bob).newestSeqs()).toEqual({})
    expect(await user(bob).conversations(null)).toEqual([])
  })

  it('stores the notification for offline users when reliabilityLevel is 2', async () => {
    const bob = `reader_${next++}`
    await register(bob)
    await sendBusiness({ sendUserID: 'imAdmin', recvUserID: bob, reliabilityLevel: 2 })
    const log = `n_imAdmin_${bob}`
    await expect.poll(() => user(bob).newestSeqs()).toEqual({ [log]: 1 })
    const seqRanges = [{ conversationID: log, begin: 1, end: 1, num: 1 }]
    const reply = await post('/msg/pull_msg_by_seq', { userID: bob, seqRanges }, await userToken(bob))
    expect(reply.data.msgs).toEqual({})
    const [stored] = reply.data.notificationMsgs[log].Msgs
    expect(stored).toMatchObject({ seq: 1, contentType: 2001, options: { history: true, persistent: true } })
    expect(JSON.parse(Buffer.from(stored.content, 'base64').toString()).detail).toBe(
      '{"key":"order","data":"{\\"id\\":7}"}',
    )
  })

  it('writes the notification to the chat as well, with the same IDs, when sendMsg is set', async () => {
    const { reader: bob, device } = await reader()
    const reply = await sendBusiness({ sendUserID: 'imAdmin', recvUserID: bob, sendMsg: true })
    await until(() => device.received().length === 2)
    await waitBriefly()
    const byLog = Object.fromEntries(device.received().map(({ conversationID, msg }) => [conversationID, msg]))
    const { serverMsgID, clientMsgID } = reply.data
    expect(byLog[`si_imAdmin_${bob}`]).toMatchObject({ seq: 1, contentType: 2001, serverMsgID, clientMsgID })
    expect(byLog[`n_imAdmin_${bob}`]).toMatchObject({ seq: 0, contentType: 2001, serverMsgID, clientMsgID })
  })

  it('requires exactly one receiver, who must exist', async () => {
    const { reader: bob } = await reader()
    for (const given of [
      { sendUserID: 'imAdmin' },
      { sendUserID: 'imAdmin', recvUserID: bob, recvGroupID: 'g' },
      { sendUserID: '', recvUserID: bob },
      { sendUserID: 'imAdmin', recvUserID: bob, reliabilityLevel: 3 },
      { sendUserID: 'imAdmin', recvUserID: bob, sendMsg: 'yes' },
    ]) {
      expect((await sendBusiness(given)).errCode).toBe(1001)
    }
    expect((await sendBusiness({ sendUserID: 'imAdmin', recvUserID: 'nobody' })).errCode).toBe(1004)
    expect((await sendBusiness({ sendUserID: 'imAdmin', recvGroupID: 'nowhere' })).errCode).toBe(1201)
  })
})
