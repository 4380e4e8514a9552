import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, register, until, user, userToken } from '../../rigs/rig.ts'

const chat = 'si_alice_bob'
let alice: string
let admin: string

beforeAll(async () => {
  await register('alice', 'bob')
  ;[alice, admin] = [await userToken('alice'), await adminToken()]
  for (let i = 1; i <= 5; i++) {
    const body = { sendID: i === 3 ? 'bob' : 'alice', recvID: i === 3 ? 'alice' : 'bob' }
    await post('/msg/send_msg', { ...body, content: { content: `m${i}` }, contentType: 101, sessionType: 1 }, admin)
  }
  await post('/msg/send_business_notification', { sendUserID: 'bob', recvUserID: 'alice', reliabilityLevel: 2 }, admin)
  await until(async () => Object.keys(await user('alice').newestSeqs()).length === 2)
})

const call = (path: string, body: object, token = alice) => post(path, { userID: 'alice', ...body }, token)

describe('newest_seq', () => {
  it('answers the newest seq of each log', async () => {
    expect(await call('/msg/newest_seq', {})).toEqual({
      errCode: 0,
      errMsg: '',
      errDlt: '',
      data: { maxSeqs: { [chat]: 5, n_alice_bob: 1 }, minSeqs: null },
    })
  })
})

describe('get_conversations_has_read_and_max_seq', () => {
  const seqsOf = async (body: object) => (await call('/msg/get_conversations_has_read_and_max_seq', body)).data

  it('answers the seqs of all chats, or of the requested chats', async () => {
    const stand = { maxSeq: 5, hasReadSeq: 5, maxSeqTime: expect.any(Number) }
    expect(await seqsOf({})).toEqual({ seqs: { [chat]: stand }, pinnedConversationIDs: [] })
    expect(await seqsOf({ conversationIDs: [chat, 'si_x_y'] })).toMatchObject({ seqs: { [chat]: stand } })
    expect(await seqsOf({ conversationIDs: ['si_x_y'] })).toEqual({ seqs: {}, pinnedConversationIDs: [] })
  })

  it('lists the pinned chats when requested', async () => {
    await user('alice').setConversation({
      ...{ conversationID: chat, conversationType: 1, userID: 'bob', groupID: '', isPinned: true },
    })
    expect((await seqsOf({ returnPinned: true })).pinnedConversationIDs).toEqual([chat])
    expect((await seqsOf({})).pinnedConversationIDs).toEqual([])
  })
})

describe('pull_msg_by_seq', () => {
  const pull = (range: object, given: object = {}) =>
    call('/msg/pull_msg_by_seq', {
      seqRanges: [{ conversationID: chat, begin: 1, end: 5, num: 10, ...range }],
      ...given,
    })

  it('returns messages with every field of MsgData', async () => {
    const { data } = await pull({ end: 1 })
    expect(data.notificationMsgs).toEqual({})
    expect(Object.keys(data.msgs[chat])).toEqual(['Msgs', 'isEnd', 'endSeq'])
    expect(data.msgs[chat].Msgs).toEqual([
      {
        ...{ sendID: 'alice', recvID: 'bob', groupID: '', clientMsgID: expect.any(String) },
        ...{ serverMsgID: expect.any(String), senderPlatformID: 0, senderNickname: '', senderFaceURL: '' },
        ...{ sessionType: 1, msgFrom: 200, contentType: 101, seq: 1, status: 2, isRead: false },
        ...{ content: Buffer.from('{"content":"m1"}').toString('base64'), options: {}, offlinePushInfo: null },
        ...{ sendTime: expect.any(Number), createTime: expect.any(Number), atUserIDList: [], attachedInfo: '', ex: '' },
      },
    ])
  })

  it.each([
    ['the whole range', {}, 0, [1, 2, 3, 4, 5], true],
    ['the newest messages of a range', { num: 2 }, 0, [4, 5], true],
    ['the existing messages of a larger range', { begin: -3, end: 99, num: 99 }, 0, [1, 2, 3, 4, 5], true],
    ['a range in the middle', { begin: 2, end: 3 }, 0, [2, 3], false],
    ['a range in the middle with order 1', { begin: 2, end: 3 }, 1, [2, 3], false],
    ['a range at the beginning with order 1', { begin: 1, end: 2 }, 1, [1, 2], true],
  ])('answers %s', async (_what, range, order, seqs, isEnd) => {
    const log = (await pull(range, { order })).data.msgs[chat]
    expect(log.Msgs.map((msg: { seq: number }) => msg.seq)).toEqual(seqs)
    expect(log.isEnd).toBe(isEnd)
  })

  it('leaves out empty ranges and conversations of other users', async () => {
    for (const range of [{ begin: 5, end: 1 }, { begin: 7, end: 9 }, { conversationID: 'si_bob_carol' }]) {
      expect((await pull(range)).data).toEqual({ msgs: {}, notificationMsgs: {} })
    }
  })

  it('returns notifications separately from chat messages', async () => {
    const { data } = await pull({ conversationID: 'n_alice_bob' })
    expect(data.msgs).toEqual({})
    expect(data.notificationMsgs.n_alice_bob.Msgs).toMatchObject([{ seq: 1, contentType: 2001 }])
  })

  it('refuses invalid ranges', async () => {
    expect((await pull({ begin: 'one' })).errDlt).toMatch(/^seqRanges.0.begin: /)
    expect((await pull({}, { order: 2 })).errDlt).toMatch(/^order: /)
    const seqRanges = Array(501).fill({ conversationID: chat, begin: 1, end: 1, num: 1 })
    expect((await call('/msg/pull_msg_by_seq', { seqRanges })).errDlt).toMatch(/^seqRanges: /)
  })
})

describe('seqs and messages of another user', () => {
  it('are refused to users, and are answered to administrators', async () => {
    const bobs = await userToken('bob')
    for (const path of ['/msg/newest_seq', '/msg/get_conversations_has_read_and_max_seq', '/msg/pull_msg_by_seq']) {
      expect([path, (await call(path, {}, bobs)).errCode]).toEqual([path, 1002])
      expect([path, (await call(path, {}, admin)).errCode]).toEqual([path, 0])
    }
  })
})

describe('get_server_time', () => {
  it('answers the time in milliseconds', async () => {
    const before = Date.now()
    const { serverTime } = (await post('/msg/get_server_time', {}, alice)).data
    expect(serverTime).toBeGreaterThanOrEqual(before)
    expect(serverTime).toBeLessThanOrEqual(Date.now())
  })
})
