import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { singleConversationID } from '../../../src/protocol/conversation-id.ts'
import { OptionKey } from '../../../src/protocol/message-options.ts'
import type { MsgData } from '../../../src/protocol/proto/index.ts'
import {
  adminToken,
  bindings,
  Device,
  post,
  type ReplyBody,
  register,
  request,
  textOf,
  until,
  userToken,
} from '../../rigs/rig.ts'
import { seedGroup } from '../../rigs/seed-group.ts'

let next = 0

/** Registers a new pair of users for a test, the first with a phone and a laptop. */
async function pair(): Promise<{ a: string; b: string; chat: string; phone: Device; laptop: Device; other: Device }> {
  const [a, b] = [`ann_${next}`, `ben_${next++}`]
  await register(a, b)
  const [phone, laptop, other] = [
    await Device.connect(a, { platformID: 2, kind: 'go' }),
    await Device.connect(a, { platformID: 3 }),
    await Device.connect(b),
  ]
  return { a, b, chat: `si_${a}_${b}`, phone, laptop, other }
}

const send = async (body: object): Promise<ReplyBody> => post('/msg/send_msg', body, await adminToken())

const text = (sendID: string, recvID: string, content: string, given: object = {}) => ({
  sendID,
  recvID,
  content: { content },
  contentType: 101,
  sessionType: 1,
  ...given,
})

const contentOf = (msg: MsgData | undefined) => JSON.parse(new TextDecoder().decode(msg?.content))

async function pulled(
  userID: string,
  conversationID: string,
): Promise<(Omit<MsgData, 'content'> & { content: string })[]> {
  const seqRanges = [{ conversationID, begin: 1, end: 100, num: 100 }]
  const reply = await post('/msg/pull_msg_by_seq', { userID, seqRanges, order: 0 }, await adminToken())
  return reply.data.msgs[conversationID]?.Msgs ?? []
}

const waitBriefly = () => new Promise((resolve) => setTimeout(resolve, 100))

describe("send_msg in a user's name", () => {
  it('delivers each message once to all devices of both users, in order with messages from devices', async () => {
    const { a, b, chat, phone, laptop, other } = await pair()
    const before = Date.now()
    const first = await send(text(a, b, 'one'))
    expect(first).toMatchObject({ errCode: 0, data: { sendTime: expect.any(Number) } })
    expect(Object.keys(first.data).sort()).toEqual(['clientMsgID', 'sendTime', 'serverMsgID'])
    expect(first.data.clientMsgID).toMatch(/^[0-9a-f]{32}$/)
    expect(first.data.serverMsgID).toMatch(/^[0-9a-f]{32}$/)
    expect(first.data.sendTime).toBeGreaterThanOrEqual(before)
    await send(text(b, a, 'two'))
    await phone.sendText(b, 'three')
    await send(text(a, b, 'four'))
    const devices = [phone, laptop, other]
    await until(() => devices.every((device) => device.received().length >= 4))
    await waitBriefly()
    for (const device of devices) {
      expect(device.received().map(({ msg }) => [msg.seq, textOf(msg)])).toEqual([
        [1, 'one'],
        [2, 'two'],
        [3, 'three'],
        [4, 'four'],
      ])
      expect(device.received().every(({ conversationID }) => conversationID === chat)).toBe(true)
    }
    expect(other.received()[0]?.msg).toMatchObject({ ...first.data, sendID: a, recvID: b, msgFrom: 200, status: 2 })
  })

  it("carries the call's operationID to the devices", async () => {
    const { a, b, other } = await pair()
    await send(text(a, b, 'hello'))
    await until(() => other.pushes.length === 1)
    expect(other.pushes[0]?.operationID).toBe('test-operation')
  })

  it('keeps the sender fields and the offline push info that the backend sends', async () => {
    const { a, b, other } = await pair()
    const offlinePushInfo = { title: 'T', desc: 'D', ex: 'E', iOSPushSound: 'default', iOSBadgeCount: true }
    const senderFields = { senderNickname: 'Ann', senderFaceURL: 'https://x/a.png', senderPlatformID: 7, ex: '{"a":1}' }
    await send(text(a, b, 'hello', { ...senderFields, offlinePushInfo }))
    await until(() => other.received().length === 1)
    expect(other.received()[0]?.msg).toMatchObject({ ...senderFields, offlinePushInfo, options: {} })
  })

  it('keeps a given sendTime in the past, and replaces a sendTime in the future', async () => {
    const { a, b, chat } = await pair()
    expect((await send(text(a, b, 'old', { sendTime: 1_500_000_000_000 }))).data.sendTime).toBe(1_500_000_000_000)
    const future = Date.now() + 86_400_000
    expect((await send(text(a, b, 'new', { sendTime: future }))).data.sendTime).toBeLessThan(future)
    expect((await pulled(a, chat))[0]).toMatchObject({ seq: 1, sendTime: 1_500_000_000_000 })
  })

  it('sends a new message with every call, unless a call repeats a clientMsgID', async () => {
    const { a, b, chat } = await pair()
    await send(text(a, b, 'again'))
    await send(text(a, b, 'again'))
    const own = text(a, b, 'once', { clientMsgID: 'order-4711' })
    const first = await send(own)
    expect(first.data.clientMsgID).toBe('order-4711')
    expect(await send(own)).toEqual(first)
    expect((await pulled(b, chat)).map((msg) => msg.seq)).toEqual([1, 2, 3])
  })

  it('refuses callers who are not administrators', async () => {
    const { a, b } = await pair()
    expect((await post('/msg/send_msg', text(a, b, 'me?'), await userToken(a))).errCode).toBe(1002)
  })

  it('refuses unknown senders and unknown receivers', async () => {
    const { a } = await pair()
    expect(await send(text('nobody', a, 'x'))).toMatchObject({ errCode: 1004 })
    expect(await send(text(a, 'nobody', 'x'))).toMatchObject({ errCode: 1004 })
    expect((await send(text('imAdmin', a, 'from the top'))).errCode).toBe(0)
  })

  it('refuses a sender that the receiver has blocked, except an administrator', async () => {
    const { a, b } = await pair()
    for (const blackUserID of [a, 'imAdmin']) {
      await post('/friend/add_black', { ownerUserID: b, blackUserID }, await userToken(b))
    }
    await expect.poll(async () => (await send(text(a, b, 'please?'))).errCode).toBe(1302)
    expect((await send(text('imAdmin', b, 'a notice'))).errCode).toBe(0)
  })

  it('refuses every sender when the receiver accepts no messages', async () => {
    const { a, b } = await pair()
    const userInfo = { userID: b, globalRecvMsgOpt: 1 }
    await post('/user/update_user_info_ex', { userInfo }, await userToken(b))
    for (const sendID of [a, 'imAdmin']) {
      expect(await send(text(sendID, b, 'hello?'))).toMatchObject({ errCode: 1001, errDlt: 'message is not sent' })
    }
  })
})

describe('send_msg to a group', () => {
  it('delivers a message of a member or an administrator to every member once', async () => {
    const { a, b, phone, laptop, other } = await pair()
    const groupID = `group_of_${a}`
    await seedGroup(groupID, [a, b])
    const toGroup = (sendID: string) => text(sendID, '', `from ${sendID}`, { sessionType: 3, groupID })
    for (const sendID of [a, 'imAdmin']) expect((await send(toGroup(sendID))).errCode).toBe(0)
    await until(() => [phone, laptop, other].every((device) => device.received().length >= 2))
    await waitBriefly()
    for (const device of [phone, laptop, other]) {
      expect(device.received().map(({ conversationID, msg }) => [conversationID, msg.seq, textOf(msg)])).toEqual([
        [`sg_${groupID}`, 1, `from ${a}`],
        [`sg_${groupID}`, 2, 'from imAdmin'],
      ])
    }
    await register(`stranger_to_${a}`)
    expect(await send(toGroup(`stranger_to_${a}`))).toMatchObject({ errCode: 1203 })
    expect((await send({ ...toGroup(a), groupID: 'nowhere' })).errCode).toBe(1201)
  })
})

describe('two pairs of users with the same conversationID', () => {
  it('are told apart: the second pair is refused with the reason, and the first pair gets nothing', async () => {
    const [a, bc, ab, c] = [`x${next}`, `y_z${next}`, `x${next}_y`, `z${next}`] as [string, string, string, string]
    next++
    const users = [{ userID: ab, nickname: 'an account of the app', appMangerLevel: 3 }]
    await register(a, bc, c)
    await post('/user/user_register', { users }, await adminToken())
    const conversationID = `si_${a}_${bc}`
    expect(conversationID).toBe(`si_${ab}_${c}`)
    await send(text(a, bc, 'ours'))
    const reason = {
      errCode: 1203,
      errDlt: expect.stringMatching(/another pair of users has the same conversationID.*Choose userIDs without "_"/),
    }
    expect(await send(text(ab, c, 'theirs'))).toMatchObject(reason)
    expect(await send(text(c, ab, 'theirs'))).toMatchObject(reason)
    const device = await Device.connect(c)
    await expect(device.sendText(ab, 'theirs')).rejects.toThrow(/^1203 .*another pair of users/)
    await send(text(bc, a, 'ours too'))
    expect((await pulled(a, conversationID)).map(({ seq }) => seq)).toEqual([1, 2])
  })
})

describe('the options of send_msg', () => {
  it('assigns no seq, stores nothing and skips the sender with isOnlineOnly', async () => {
    const { a, b, chat, phone, other } = await pair()
    await send(text(a, b, 'kept'))
    const onlineOnly = await send(text(a, b, 'now or never', { isOnlineOnly: true }))
    expect(onlineOnly).toMatchObject({ errCode: 0 })
    await until(() => other.received().length === 2)
    await waitBriefly()
    const msg = other.received()[1]?.msg
    expect(msg).toMatchObject({ seq: 0, serverMsgID: onlineOnly.data.serverMsgID })
    const off = [OptionKey.History, OptionKey.Persistent, OptionKey.SenderSync, OptionKey.ConversationUpdate]
    expect(msg?.options).toEqual(Object.fromEntries(off.map((key) => [key, false])))
    expect(phone.received()).toHaveLength(1)
    await send(text(a, b, 'kept too'))
    expect((await pulled(b, chat)).map((stored) => stored.seq)).toEqual([1, 2])
  })

  it('sets the option offlinePush to false with notOfflinePush', async () => {
    const { a, b, other } = await pair()
    await send(text(a, b, 'quiet', { notOfflinePush: true }))
    await until(() => other.received().length === 1)
    expect(other.received()[0]?.msg.options).toEqual({ offlinePush: false })
  })
})

const image = { uuid: 'u', type: 'image/png', size: 10, width: 4, height: 3, url: 'https://x/1.png' }
const video = {
  videoUrl: 'https://x/v.mp4',
  videoType: 'mp4',
  videoSize: 9,
  duration: 3,
  snapshotUrl: 'https://x/s.png',
  snapshotWidth: 4,
  snapshotHeight: 3,
}

const CONTENTS: [string, number, object][] = [
  ['text', 101, { content: 'ünïcode ✨ "quoted" <b>&' }],
  ['picture', 102, { sourcePath: '', sourcePicture: image, bigPicture: image, snapshotPicture: image }],
  ['voice', 103, { sourceUrl: 'https://x/a.mp3', dataSize: 5, duration: 1 }],
  ['video', 104, video],
  ['file', 105, { sourceUrl: 'https://x/f.pdf', fileName: 'f.pdf', fileSize: 12, fileType: 'pdf' }],
  [
    'at',
    106,
    { text: '@b hi', atUserList: ['b'], atUsersInfo: [{ atUserID: 'b', groupNickname: 'B' }], isAtSelf: false },
  ],
  [
    'merger',
    107,
    { title: 'Chat of a and b', abstractList: ['a: hi'], multiMessage: [{ clientMsgID: 'm', contentType: 101 }] },
  ],
  ['card', 108, { userID: 'c', nickname: 'Carol', faceURL: 'https://x/c.png', ex: '' }],
  ['location', 109, { description: 'here', longitude: 116.397_128, latitude: -39.916_527 }],
  ['custom', 110, { data: '{"x":[1,2.5,null]}', description: '', extension: 'e', unknown: { kept: true } }],
  ['quote', 114, { text: 'indeed', quoteMessage: { clientMsgID: 'q', contentType: 101, textElem: { content: 'so' } } }],
  ['face', 115, { index: 0, data: '{"pack":"cats"}' }],
  [
    'advanced text',
    117,
    { text: 'see x.org', messageEntityList: [{ type: 'url', offset: 4, length: 5, url: 'https://x.org', ex: '' }] },
  ],
  ['markdown', 118, { content: '# Title\n\n* one' }],
  ['custom without effect on the list', 119, { data: '{}', description: '', extension: '' }],
]

describe('the content of send_msg', () => {
  it.each(CONTENTS)('delivers %s unchanged, both in the push and in a pull', async (_name, contentType, content) => {
    const { a, b, chat, other } = await pair()
    expect(await send({ ...text(a, b, ''), contentType, content })).toMatchObject({ errCode: 0 })
    await until(() => other.received().length === 1)
    const bytes = new TextEncoder().encode(JSON.stringify(content))
    expect(other.received()[0]?.msg).toMatchObject({ contentType })
    expect(new Uint8Array(other.received()[0]?.msg.content ?? [])).toEqual(bytes)
    const [stored] = await pulled(b, chat)
    expect(stored?.content).toBe(Buffer.from(bytes).toString('base64'))
  })

  it.each(['/msg/send_msg', '/manager/send_msg'])('stores no typing status sent by %s', async (path) => {
    const { a, b, chat, phone, other } = await pair()
    const typing = { ...text(a, b, ''), contentType: 113, content: { msgTips: 'yes' } }
    expect((await post(path, typing, await adminToken())).errCode).toBe(0)
    await until(() => other.received().length === 1)
    expect(other.received()[0]?.msg).toMatchObject({ contentType: 113, seq: 0, options: { history: false } })
    await waitBriefly()
    expect(phone.received()).toEqual([])
    expect(await pulled(b, chat)).toEqual([])
  })

  it('leaves the conversation list as it is with contentType 119', async () => {
    const { a, b, other } = await pair()
    await send({ ...text(a, b, ''), contentType: 119, content: { data: 'x' } })
    await until(() => other.received().length === 1)
    const off = ['conversationUpdate', 'senderConversationUpdate', 'unreadCount', 'offlinePush']
    expect(other.received()[0]?.msg.options).toEqual(Object.fromEntries(off.map((key) => [key, false])))
  })

  it.each(CONTENTS)('is the same for /manager/send_msg: %s', async (_name, contentType, content) => {
    const { a, b, other } = await pair()
    const body = { ...text(a, b, ''), contentType, content }
    expect(await post('/manager/send_msg', body, await adminToken())).toMatchObject({ errCode: 0 })
    await until(() => other.received().length === 1)
    expect(contentOf(other.received()[0]?.msg)).toEqual(content)
  })

  it('adds the mentioned users to atUserIDList', async () => {
    const { a, b, other } = await pair()
    await send({ ...text(a, b, ''), contentType: 106, content: { text: '@x', atUserList: ['x', 'y'] } })
    await until(() => other.received().length === 1)
    expect(other.received()[0]?.msg.atUserIDList).toEqual(['x', 'y'])
  })

  it.each([
    ['an empty text', 101, { content: '' }, 'content.content: '],
    ['a text that is a number', 101, { content: 7 }, 'content.content: '],
    ['no content at all', 101, undefined, 'content: '],
    ['an empty content', 101, {}, 'content: '],
    ['a content that is a text', 101, 'hello', 'content: '],
    ['a picture without a URL', 102, { sourcePicture: { ...image, url: '' } }, 'content.sourcePicture.url: '],
    ['a picture without a thumbnail', 102, { sourcePicture: image, bigPicture: image }, 'content.snapshotPicture: '],
    ['a voice of no length', 103, { sourceUrl: 'https://x/a', duration: 0 }, 'content.duration: '],
    ['a video of half a second', 104, { ...video, duration: 0.5 }, 'content.duration: '],
    ['a file without a name', 105, { sourceUrl: 'https://x/f', fileSize: 1 }, 'content.fileName: '],
    ['a mention without users', 106, { text: 'x' }, 'content.atUserList: '],
    ['a mention of too many users', 106, { text: 'x', atUserList: Array(1001).fill('u') }, 'content.atUserList: '],
    ['a custom message without data', 110, { description: 'x' }, 'content.data: '],
    ['a quote of a text', 114, { text: 'x', quoteMessage: 'said' }, 'content.quoteMessage: '],
    ['an empty markdown', 118, { content: '' }, 'content.content: '],
    ['a merger without messages', 107, { title: 'x', multiMessage: [] }, 'content.multiMessage: '],
    ['a merger of texts', 107, { title: 'x', multiMessage: ['hi'] }, 'content.multiMessage.0: '],
    ['a card without a user', 108, { nickname: 'Carol' }, 'content.userID: '],
    ['a location without a latitude', 109, { longitude: 1.5 }, 'content.latitude: '],
    ['a location beyond the pole', 109, { longitude: 1.5, latitude: 91 }, 'content.latitude: '],
    ['a typing status without a text', 113, { msgTips: '' }, 'content.msgTips: '],
    ['a face of nothing', 115, { data: '' }, 'content.index: '],
    ['an advanced text with a mark before it', 117, { text: 'x', messageEntityList: [{ offset: -1 }] }, 'content.mess'],
    ['a quiet custom message without data', 119, { description: 'x' }, 'content.data: '],
    ['a content type that no client defines', 112, { data: 'x' }, 'contentType: '],
    ["a content type of the server's notifications", 1501, { detail: '{}' }, 'contentType: '],
  ])('refuses %s with the name of the field', async (_what, contentType, content, where) => {
    const { a, b, other } = await pair()
    const reply = await send({ ...text(a, b, ''), contentType, content })
    expect(reply).toMatchObject({ errCode: 1001, errMsg: 'ArgsError' })
    expect(reply.errDlt.slice(0, where.length)).toBe(where)
    await waitBriefly()
    expect(other.received()).toEqual([])
  })

  it.each([
    ['sendID', { sendID: '' }],
    ['recvID', { recvID: '' }],
    ['groupID', { sessionType: 3 }],
    ['sessionType', { sessionType: 2 }],
    ['sessionType', { sessionType: 4 }],
    ['sendTime', { sendTime: -1 }],
    ['isOnlineOnly', { isOnlineOnly: 'yes' }],
    ['offlinePushInfo.title', { offlinePushInfo: { title: 1 } }],
  ])('refuses an invalid %s with its name and the HTTP status 400', async (field, given) => {
    const body = JSON.stringify(text('a', 'b', 'x', given))
    const headers = { operationID: 'op', token: await adminToken() }
    const response = await request('/msg/send_msg', { method: 'POST', headers, body })
    // OpenIM: an invalid content is answered with 200 instead.
    expect(response.status).toBe(400)
    const reply = (await response.json()) as ReplyBody
    expect(reply).toMatchObject({ errCode: 1001 })
    expect(reply.errDlt).toMatch(new RegExp(`^${field}: `))
  })
})

describe('send_simple_msg', () => {
  const keyOf = (answered: object) => Buffer.from(JSON.stringify(answered)).toString('base64')
  const answer = (key: string | null, body: object, token: string) =>
    post(`/msg/send_simple_msg${key === null ? '' : `?key=${encodeURIComponent(key)}`}`, body, token)

  it('answers in the name of the receiver, as Markdown', async () => {
    const { a, b, other, phone } = await pair()
    const key = keyOf({ sendID: b, recvID: a, groupID: '' })
    const reply = await answer(key, { content: '**yes**', ex: 'e' }, await userToken(a, 7))
    expect(reply).toMatchObject({ errCode: 0, data: { clientMsgID: expect.any(String) } })
    await until(() => other.received().length === 1 && phone.received().length === 1)
    const msg = other.received()[0]?.msg
    expect(msg).toMatchObject({ sendID: a, recvID: b, contentType: 118, senderPlatformID: 10, msgFrom: 100, ex: 'e' })
    expect(msg).toMatchObject({ senderNickname: `nick of ${a}`, senderFaceURL: `https://x/${a}.png` })
    expect(contentOf(msg)).toEqual({ content: '**yes**' })
    expect((await answer(key, { content: 'and' }, await adminToken())).errCode).toBe(0)
  })

  it('requires the token of the answering user or of an administrator', async () => {
    const { a, b } = await pair()
    const key = keyOf({ sendID: b, recvID: a })
    expect((await answer(key, { content: 'x' }, await userToken(b))).errCode).toBe(1002)
  })

  it('refuses an invalid key', async () => {
    const token = await adminToken()
    for (const key of [null, '', 'garbage', keyOf({ recvID: 'x' }), keyOf({ sendID: 'x' }), keyOf([])]) {
      const reply = await answer(key, { content: 'x' }, token)
      expect([key, reply.errCode]).toEqual([key, 1001])
      expect(reply.errDlt).toMatch(/^key: /)
    }
    expect(await answer(keyOf({ sendID: 'x', recvID: 'nobody' }), { content: 'x' }, token)).toMatchObject({
      errCode: 1004,
    })
    expect((await answer(keyOf({ sendID: 'x', recvID: 'y' }), { content: '' }, token)).errDlt).toMatch(/^content: /)
    expect((await answer(keyOf({ sendID: 'x', groupID: 'g' }), { content: 'x' }, token)).errDlt).toMatch(/^sendID: /)
  })
})

describe('check_msg_is_send_success', () => {
  let admin: string
  beforeAll(async () => {
    admin = await adminToken()
  })

  const statusOf = async (operationID: string, token = admin) => {
    const init = { method: 'POST', headers: { operationID, token }, body: '{}' }
    return ((await (await request('/msg/check_msg_is_send_success', init)).json()) as ReplyBody).data
  }

  const sendUnder = async (operationID: string, body: object) =>
    (await request('/msg/send_msg', {
      method: 'POST',
      headers: { operationID, token: admin },
      body: JSON.stringify(body),
    }).then((response) => response.json())) as ReplyBody

  it('answers 2 for a call that sent its message, and 0 for a failed or unknown call', async () => {
    const { a, b } = await pair()
    expect(await statusOf('op-sent')).toEqual({ status: 0 })
    expect((await sendUnder('op-sent', text(a, b, 'x'))).errCode).toBe(0)
    expect((await sendUnder('op-refused', text(a, 'nobody', 'x'))).errCode).toBe(1004)
    expect(await statusOf('op-sent')).toEqual({ status: 2 })
    expect(await statusOf('op-refused')).toEqual({ status: 0 })
    expect(await statusOf('op-sent', await userToken(a))).toEqual({ status: 0 })
  })

  it('answers 2 for a repeated call, and for a message that is not stored', async () => {
    const { a, b } = await pair()
    const once = { ...text(a, b, 'x'), clientMsgID: 'given-by-the-backend' }
    await sendUnder('op-first', once)
    await sendUnder('op-again', once)
    expect(await statusOf('op-again')).toEqual({ status: 2 })
    await sendUnder('op-online-only', { ...text(a, b, 'x'), isOnlineOnly: true })
    expect(await statusOf('op-online-only')).toEqual({ status: 2 })
  })

  const admins = () => bindings.USER.getByName('imAdmin')
  const countRecords = (where: string) =>
    runInDurableObject(
      admins(),
      (_object, { storage }) =>
        storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM send_note WHERE ${where}`).one().n,
    )
  /** Waits until a call is recorded, which happens shortly after its answer. */
  const waitUntilRecorded = (operationID: string) =>
    expect.poll(() => countRecords(`operation = '${operationID}'`)).toBe(1)

  it('finds the message of an older call among many newer messages', async () => {
    const { a, b } = await pair()
    const chat = bindings.CONVERSATION.getByName(singleConversationID(a, b))
    await sendUnder('op-long-ago', text(a, b, 'x'))
    await waitUntilRecorded('op-long-ago')
    const moved = 3_600_000
    await runInDurableObject(chat, (_object, { storage }) => {
      storage.sql.exec('UPDATE chat SET send_time = send_time - ?, stored_time = stored_time - ?', moved, moved)
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
         INSERT INTO chat (seq, client_msg_id, send_id, send_time, stored_time, msg)
         SELECT i, 'other-' || i, send_id, send_time + i * 300, stored_time + i * 300, msg FROM n, chat WHERE seq = 1`,
      )
    })
    await runInDurableObject(admins(), (_object, { storage }) => {
      storage.sql.exec("UPDATE send_note SET noted_at = noted_at - ? WHERE operation = 'op-long-ago'", moved)
    })
    await evictDurableObject(chat)
    expect(await statusOf('op-long-ago')).toEqual({ status: 2 })
  })

  it('remembers a call for a day and then removes its record', async () => {
    const { a, b } = await pair()
    const age = (days: number) =>
      runInDurableObject(admins(), (_object, { storage }) => {
        storage.sql.exec('UPDATE send_note SET day = day - ?, noted_at = noted_at - ?', days, days * 86_400_000 + 1)
      })
    await sendUnder('op-old', text(a, b, 'x'))
    await waitUntilRecorded('op-old')
    await age(0)
    expect(await statusOf('op-old')).toEqual({ status: 2 })
    await age(1)
    expect(await statusOf('op-old')).toEqual({ status: 0 })
    await age(2)
    // The object is evicted, so that it starts again on the new day.
    await evictDurableObject(admins())
    const before = await countRecords('true')
    expect(before).toBeGreaterThan(0)
    for (let i = 0; i < before; i++) await sendUnder(`op-new-${i}`, text(a, b, 'y'))
    await waitUntilRecorded(`op-new-${before - 1}`)
    expect(await countRecords('true')).toBe(before)
  })
})
