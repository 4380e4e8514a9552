import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { register, until, user } from '../../rigs/rig.ts'
import { AppServer, GO_ON, HOOKS, REFUSE, SECRET } from '../../rigs/webhook-rig.ts'

let app: AppServer
let names: { alice: string; bob: string; carol: string }
let count = 0

beforeEach(async () => {
  const n = count++
  names = { alice: `alice${n}`, bob: `bob${n}`, carol: `carol${n}` }
  await register(...Object.values(names))
  app = new AppServer()
})
afterEach(() => {
  app.leaveObjects()
  vi.restoreAllMocks()
})

const blackListOf = async (userID: string) => {
  const reply = await app.call(app.env({}), '/friend/get_black_list', {
    userID,
    pagination: { pageNumber: 1, showNumber: 10 },
  })
  return reply.data.blacks.map((black: { blackUserInfo: { userID: string } }) => black.blackUserInfo.userID)
}
const block = (hook: object) =>
  app.call(app.env({ beforeAddBlack: hook }), '/friend/add_black', {
    ownerUserID: names.alice,
    blackUserID: names.bob,
  })

describe('a before-webhook', () => {
  it('is called at its URL with its command, the operationID and a signature', async () => {
    expect((await block({})).errCode).toBe(0)
    const [asked] = app.asked
    expect(asked?.url.href).toBe(`${HOOKS}/callbackBeforeAddBlackCommand`)
    expect(asked?.body).toEqual({
      callbackCommand: 'callbackBeforeAddBlackCommand',
      ownerUserID: names.alice,
      blackUserID: names.bob,
    })
    const headers = asked?.headers
    expect(headers?.get('operationID')).toBe('op-1')
    expect(headers?.get('content-type')).toBe('application/json; charset=utf-8')
    const signed = `${headers?.get('webhook-id')}.${headers?.get('webhook-timestamp')}.${asked?.text}`
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(headers?.get('webhook-signature')).toBe(`v1,${mac}`)
    expect(Math.abs(Number(headers?.get('webhook-timestamp')) - Date.now() / 1000)).toBeLessThan(60)
    expect(await blackListOf(names.alice)).toEqual([names.bob])
  })

  it('refuses the call with the error of the app server, and no data is changed', async () => {
    app.answer = () => REFUSE
    expect(await block({})).toEqual({ errCode: 5001, errMsg: 'AppSaysNo', errDlt: 'not today' })
    expect(await blackListOf(names.alice)).toEqual([])
  })

  it('does not refuse the call when the app server reports its own failure', async () => {
    app.answer = () => ({ ...REFUSE, actionCode: 1 })
    expect((await block({})).errCode).toBe(0)
  })

  it('refuses the call with error 80000 when the app server refuses without a code', async () => {
    app.answer = () => ({ actionCode: 0, nextCode: 1 })
    expect(await block({})).toMatchObject({ errCode: 80000, errMsg: 'CallbackError' })
    expect(await blackListOf(names.alice)).toEqual([])
  })

  it('accepts an answer with any HTTP status and with keys in any case', async () => {
    const answer = { ActionCode: 0, NEXTCODE: 1, errcode: 5002, errMsg: 'x', errDlt: 'y', more: [1] }
    app.answer = () => Response.json(answer, { status: 500 })
    expect((await block({})).errCode).toBe(5002)
  })

  const hang = (signal: AbortSignal) =>
    new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const halfAnAnswer = (signal: AbortSignal) =>
    new Response(
      new ReadableStream({
        start(stream) {
          stream.enqueue(new TextEncoder().encode('{'))
          signal.addEventListener('abort', () => stream.error(signal.reason))
        },
      }),
    )

  describe.each([
    ['is not reachable', 90004, () => Promise.reject(new TypeError('refused'))],
    ['hangs', 90004, (signal: AbortSignal) => hang(signal)],
    ['hangs in the middle of its answer', 90004, (signal: AbortSignal) => halfAnAnswer(signal)],
    ['redirects to a private address', 90004, () => Response.redirect('http://169.254.169.254/latest', 302)],
    ['answers more than 1 MB', 90004, () => new Response(`"${'x'.repeat(1_100_000)}"`)],
    [
      'answers a web page',
      90007,
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['answers nothing', 90007, () => new Response('')],
    ['answers a list', 90007, () => Response.json([])],
    ['answers a code that is not a number', 90007, () => ({ ...GO_ON, actionCode: 'ok' })],
    ['answers with its code as a fraction', 90007, () => ({ ...GO_ON, errCode: 0.5 })],
  ] as const)('that %s', (_what, code, answer) => {
    const tried = async (failedContinue: boolean) => {
      app.answer = (_asked, signal) => answer(signal)
      return block({ failedContinue, timeout: 0.2 })
    }

    it(`stops the call with error ${code} without failedContinue, and reveals no URL`, async () => {
      const reply = await tried(false)
      expect(reply.errCode).toBe(code)
      expect(reply.errDlt).toMatch(/^the app's webhook beforeAddBlack/)
      expect(JSON.stringify(reply)).not.toMatch(/app\.example|169\.254/)
      expect(await blackListOf(names.alice)).toEqual([])
      expect(app.asked).toHaveLength(1)
    })

    it('is ignored with failedContinue', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => {})
      expect((await tried(true)).errCode).toBe(0)
      expect(await blackListOf(names.alice)).toEqual([names.bob])
    })
  })

  it('is called at all of its URLs, and one refusal is enough to refuse the call', async () => {
    const urls = ['https://one.example', 'https://two.example']
    app.answer = ({ url }) => (url.host === 'two.example' ? REFUSE : GO_ON)
    expect((await block({ urls })).errCode).toBe(5001)
    expect(app.asked.map(({ url }) => url.host).sort()).toEqual(['one.example', 'two.example'])
  })

  it('is not called when it is not configured', async () => {
    await app.call(app.env({}), '/friend/add_black', { ownerUserID: names.alice, blackUserID: names.bob })
    expect(app.asked).toEqual([])
    expect(app.queued).toEqual([])
  })
})

describe('the reply of a before-webhook', () => {
  const befriend = () =>
    app.call(app.env({}), '/friend/import_friend', { ownerUserID: names.alice, friendUserIDs: [names.bob] })
  const remarkOf = async () => {
    const reply = await app.call(app.env({}), '/friend/get_designated_friends', {
      ownerUserID: names.alice,
      friendUserIDs: [names.bob],
    })
    return reply.data.friendsInfo[0].remark
  }
  const setRemark = () =>
    app.call(app.env({ beforeSetFriendRemark: {}, afterSetFriendRemark: {} }), '/friend/set_friend_remark', {
      ownerUserID: names.alice,
      friendUserID: names.bob,
      remark: 'my words',
    })

  it('replaces a remark, and the after-webhook carries the new remark', async () => {
    await befriend()
    app.answer = () => ({ actionCode: 1, nextCode: 1, remark: 'nicer words' })
    expect((await setRemark()).errCode).toBe(0)
    expect(await remarkOf()).toBe('nicer words')
    expect(app.afterWebhooks('afterSetFriendRemark')).toEqual([
      {
        callbackCommand: 'callbackAfterSetFriendRemarkCommand',
        ownerUserID: names.alice,
        friendUserID: names.bob,
        remark: 'nicer words',
      },
    ])
  })

  it.each([
    ['empty', { remark: '' }, 0, 'my words'],
    ['null', { remark: null }, 0, 'my words'],
    ['too long', { remark: 'x'.repeat(300) }, 90007, ''],
  ])('does not replace a remark when it is %s', async (_what, answer, code, remark) => {
    await befriend()
    app.answer = () => ({ ...GO_ON, ...answer })
    expect((await setRemark()).errCode).toBe(code)
    expect(await remarkOf()).toBe(remark)
  })

  const registerDave = () =>
    app.call(app.env({ beforeUserRegister: {}, afterUserRegister: {} }), '/user/user_register', {
      users: [{ userID: `dave${count}`, nickname: 'Dave', faceURL: '' }],
    })

  it('replaces the users to register', async () => {
    const users = [{ userID: `eve${count}`, nickname: 'Eve', ex: 'vip' }]
    app.answer = () => ({ ...GO_ON, users })
    expect((await registerDave()).errCode).toBe(0)
    expect(app.asked[0]?.body.users).toEqual([
      {
        userID: `dave${count}`,
        nickname: 'Dave',
        faceURL: '',
        ex: '',
        createTime: 0,
        appMangerLevel: 0,
        globalRecvMsgOpt: 0,
      },
    ])
    const found = await app.call(app.env({}), '/user/get_users_info', { userIDs: [`dave${count}`, `eve${count}`] })
    expect(found.data.usersInfo).toMatchObject([{ userID: `eve${count}`, nickname: 'Eve', ex: 'vip' }])
    expect(app.afterWebhooks('afterUserRegister')).toMatchObject([{ users: [{ userID: `eve${count}` }] }])
  })

  it.each([
    ['not valid', [{ userID: 'not an ID!', nickname: 'E' }], 90007],
    ['not users', [{ nickname: 7 }], 90007],
    ['duplicates', [1, 2].map(() => ({ userID: 'twin', nickname: 'T' })), 1001],
  ])('registers no user when its users are %s', async (_what, users, code) => {
    app.answer = () => ({ ...GO_ON, users })
    expect((await registerDave()).errCode).toBe(code)
    const found = await app.call(app.env({}), '/user/get_users_info', { userIDs: [`dave${count}`, 'twin'] })
    expect(found.data.usersInfo).toEqual([])
    expect(app.queued).toEqual([])
  })

  it('replaces the friends to import', async () => {
    app.answer = () => ({ ...GO_ON, friendUserIDs: [names.carol] })
    const env = app.env({ beforeImportFriends: {}, afterImportFriends: {} })
    await app.call(env, '/friend/import_friend', { ownerUserID: names.alice, friendUserIDs: [names.bob] })
    const { data } = await app.call(app.env({}), '/friend/get_friend_id', { userID: names.alice })
    expect(data.friendIDs).toEqual([names.carol])
    expect(app.afterWebhooks('afterImportFriends')).toMatchObject([{ friendUserIDs: [names.carol] }])
  })

  it.each(['', 'Ex'] as const)('replaces fields of a profile with update_user_info%s', async (form) => {
    const [before, after] = [`beforeUpdateUserInfo${form}`, `afterUpdateUserInfo${form}`]
    app.answer = () => ({ ...GO_ON, nickName: 'Alice the Great', ex: null })
    const path = form === '' ? '/user/update_user_info' : '/user/update_user_info_ex'
    const userInfo = { userID: names.alice, nickname: 'Alice' }
    expect((await app.call(app.env({ [before]: {}, [after]: {} }), path, { userInfo })).errCode).toBe(0)
    const absent = form === '' ? '' : null
    expect(app.asked[0]?.body).toMatchObject({
      userID: names.alice,
      nickName: 'Alice',
      faceURL: absent,
      ex: null,
    })
    const { data } = await app.call(app.env({}), '/user/get_users_info', { userIDs: [names.alice] })
    expect(data.usersInfo[0]).toMatchObject({ nickname: 'Alice the Great', faceURL: `https://x/${names.alice}.png` })
    expect(app.afterWebhooks(after)).toMatchObject([{ nickName: 'Alice the Great', faceURL: absent }])
  })
})

describe('a message that a backend sends', () => {
  const text = (given: object = {}) => ({
    sendID: names.alice,
    recvID: names.bob,
    contentType: 101,
    sessionType: 1,
    senderPlatformID: 5,
    senderNickname: 'A',
    content: { content: 'hello' },
    ...given,
  })
  const send = (hooks: Record<string, object>, given: object = {}) =>
    app.call(app.env(hooks), '/msg/send_msg', text(given))
  const chat = () => `si_${names.alice}_${names.bob}`
  const lastContent = async () => {
    const [last] = await user(names.bob).lastMessages([chat()])
    return last ? new TextDecoder().decode(last.msg) : ''
  }

  it('is sent to the app server before it is stored', async () => {
    expect((await send({ beforeSendSingleMsg: {} })).errCode).toBe(0)
    expect(app.asked.map(({ body }) => body)).toEqual([
      {
        callbackCommand: 'callbackBeforeSendSingleMsgCommand',
        sendID: names.alice,
        recvID: names.bob,
        serverMsgID: expect.stringMatching(/^[0-9a-f]{32}$/),
        clientMsgID: expect.stringMatching(/^[0-9a-f]{32}$/),
        operationID: 'op-1',
        senderPlatformID: 5,
        senderNickname: 'A',
        sessionType: 1,
        msgFrom: 200,
        contentType: 101,
        status: 0,
        sendTime: expect.any(Number),
        createTime: expect.any(Number),
        content: '{"content":"hello"}',
        seq: 0,
        atUserList: [],
        faceURL: '',
        ex: '',
      },
    ])
    expect(app.asked[0]?.body.sendTime).toBeGreaterThan(1_700_000_000_000)
  })

  it('is not delivered when the app server refuses the message', async () => {
    await app.inObjects({ afterSendSingleMsg: {} })
    app.answer = ({ body }) => (body.content.includes('casino') ? REFUSE : GO_ON)
    expect((await send({ beforeSendSingleMsg: {} }, { content: { content: 'casino!' } })).errCode).toBe(5001)
    expect(await lastContent()).toBe('')
    expect((await send({ beforeSendSingleMsg: {} })).errCode).toBe(0)
    await until(() => app.queued.length > 0)
    expect(app.afterWebhooks('afterSendSingleMsg')).toMatchObject([{ content: '{"content":"hello"}' }])
  })

  it('is changed by the app server, and the answer lists the changes', async () => {
    await app.inObjects({ afterMsgSaveDB: {} })
    app.answer = () => ({ ...GO_ON, content: '{"content":"h***o"}', ex: 'moderated', senderNickname: 'A' })
    const reply = await send({ beforeMsgModify: {} })
    expect(reply.data.modify).toEqual({ content: '{"content":"h***o"}', ex: 'moderated' })
    expect(app.asked[0]?.body).not.toHaveProperty('recvID')
    expect(await lastContent()).toContain('h***o')
    // The recovery alarm of an earlier test's conversation may repeat its own webhook meanwhile.
    const sent = () =>
      app.afterWebhooks('afterMsgSaveDB').filter((body) => (body as { recvID: string }).recvID === names.bob)
    await until(() => sent().length > 0)
    expect(sent()[0]).toMatchObject({ content: '{"content":"h***o"}', ex: 'moderated', seq: 1 })
  })

  it('is delivered to the receiver that the app server sets', async () => {
    app.answer = () => ({ ...GO_ON, recvID: names.carol })
    expect((await send({ beforeMsgModify: {} })).data.modify).toEqual({ recvID: names.carol })
    expect(await lastContent()).toBe('')
    expect(await user(names.carol).lastMessages([`si_${names.alice}_${names.carol}`])).toHaveLength(1)
  })

  it.each([
    ['a content that is not JSON', { content: 'h***o' }],
    ['a content that is not an object', { content: '["h"]' }],
    ['a content type of notifications', { contentType: 1501 }],
    ['an unknown session type', { sessionType: 2 }],
    ['an empty receiver', { recvID: '' }],
  ])('is not sent when the app server sets %s', async (_what, answer) => {
    app.answer = () => ({ ...GO_ON, ...answer })
    expect((await send({ beforeMsgModify: {} })).errCode).toBe(1001)
    expect(await lastContent()).toBe('')
  })

  it.each([
    ['from an administrator', { sendID: 'imAdmin' }, ['callbackBeforeMsgModifyCommand']],
    ['of a denied content type', { contentType: 110, content: { data: '{}' } }, []],
  ])('calls only the covered before-webhooks when it is %s', async (_what, given, commands) => {
    const deniedTypes = [110]
    expect(
      (await send({ beforeSendSingleMsg: { deniedTypes }, beforeMsgModify: { deniedTypes } }, given)).errCode,
    ).toBe(0)
    expect(app.asked.map(({ body }) => body.callbackCommand)).toEqual(commands)
  })

  it('is reported once after it is stored, with its reply key, even when the call is repeated', async () => {
    await app.inObjects({ afterSendSingleMsg: {}, afterMsgSaveDB: {} })
    const first = await send({}, { clientMsgID: `once${count}` })
    expect((await send({}, { clientMsgID: `once${count}` })).data).toEqual(first.data)
    await send({}, { clientMsgID: `another${count}` })
    await until(() => app.queued.length >= 4)
    const { serverMsgID, clientMsgID, sendTime } = first.data
    const common = { serverMsgID, clientMsgID, sendTime, sendID: names.alice, operationID: 'op-1', faceURL: '' }
    const another = expect.objectContaining({ clientMsgID: `another${count}` })
    expect(app.afterWebhooks('afterSendSingleMsg')).toEqual([
      expect.objectContaining({ ...common, recvID: names.bob, seq: 0, status: 0 }),
      another,
    ])
    expect(app.afterWebhooks('afterMsgSaveDB')).toEqual([
      expect.objectContaining({ ...common, recvID: names.bob, groupID: '', seq: 1, status: 2 }),
      another,
    ])
    const key = { sendID: names.alice, recvID: names.bob, groupID: '' }
    expect(JSON.parse(atob(app.queued[0]?.key ?? ''))).toEqual(key)
    expect(new Set(app.queued.map(({ eventID }) => eventID)).size).toBe(4)
  })

  it('is reported only when its receiver is in attentionIds', async () => {
    await app.inObjects({ afterSendSingleMsg: { attentionIds: [names.carol] } })
    await send({})
    await send({}, { recvID: names.carol })
    await until(() => app.queued.length > 0)
    expect(app.afterWebhooks('afterSendSingleMsg')).toMatchObject([{ recvID: names.carol }])
    expect(app.queued).toHaveLength(1)
  })

  it('is reported as sent but not as saved when the message is not stored', async () => {
    await app.inObjects({ afterSendSingleMsg: {}, afterMsgSaveDB: {} })
    await send({}, { isOnlineOnly: true })
    await until(() => app.queued.length > 0)
    expect(app.queued.map(({ name }) => name)).toEqual(['afterSendSingleMsg'])
  })

  it('calls the webhooks for each receiver of a batch', async () => {
    await app.inObjects({ afterSendSingleMsg: {} })
    app.answer = ({ body }) => (body.recvID === names.carol ? REFUSE : GO_ON)
    const recvIDs = [names.carol, names.bob]
    const batch = { ...text({ recvIDs }), recvID: undefined }
    const reply = await app.call(app.env({ beforeSendSingleMsg: {} }), '/msg/batch_send_msg', batch)
    expect(reply.data).toMatchObject({ results: [{ recvID: names.bob }], failedUserIDs: [names.carol] })
    await until(() => app.queued.length > 0)
    expect(app.afterWebhooks('afterSendSingleMsg')).toMatchObject([{ recvID: names.bob }])
  })

  it('is reported when the message is read and when the message is revoked', async () => {
    await send({})
    const env = app.env({ afterSingleMsgRead: {}, afterRevokeMsg: {} })
    const conversationID = chat()
    await app.call(env, '/msg/mark_conversation_as_read', {
      conversationID,
      userID: names.bob,
      hasReadSeq: 1,
      seqs: [1],
    })
    await app.call(env, '/msg/revoke_msg', { conversationID, userID: 'imAdmin', seq: 1 })
    expect(app.afterWebhooks('afterSingleMsgRead')).toEqual([
      {
        callbackCommand: 'callbackAfterSingleMsgReadCommand',
        conversationID,
        userID: names.bob,
        Seqs: [1],
        contentType: 1,
      },
    ])
    expect(app.afterWebhooks('afterRevokeMsg')).toEqual([
      { callbackCommand: 'callbackBeforeAfterMsgCommand', conversationID, seq: 1, userID: 'imAdmin' },
    ])
  })
})

describe('webhooks of friends', () => {
  it('have the bodies of OpenIM at every step', async () => {
    const { alice, bob } = names
    const env = app.env({
      beforeAddFriend: {},
      afterAddFriend: {},
      beforeAddFriendAgree: {},
      afterAddFriendAgree: {},
      afterDeleteFriend: {},
      beforeAddBlack: {},
      afterRemoveBlack: {},
    })
    const call = async (path: string, body: object) => expect((await app.call(env, path, body)).errCode).toBe(0)
    await call('/friend/add_friend', { fromUserID: alice, toUserID: bob, reqMsg: 'hi', ex: 'e' })
    await call('/friend/add_friend_response', { fromUserID: alice, toUserID: bob, handleResult: 1, handleMsg: 'yes' })
    await call('/friend/delete_friend', { ownerUserID: alice, friendUserID: bob })
    await call('/friend/remove_black', { ownerUserID: alice, blackUserID: bob })
    const agreed = { fromUserID: alice, blackUserID: bob, HandleResult: 1, HandleMsg: 'yes' }
    expect(app.asked.map(({ body }) => body)).toEqual([
      { callbackCommand: 'callbackBeforeAddFriendCommand', fromUserID: alice, toUserID: bob, reqMsg: 'hi', ex: 'e' },
      { callbackCommand: 'callbackBeforeAddFriendAgreeCommand', ...agreed },
    ])
    expect(app.queued.map(({ body }) => JSON.parse(body ?? ''))).toEqual([
      { callbackCommand: 'callbackAfterAddFriendCommand', fromUserID: alice, toUserID: bob, reqMsg: 'hi' },
      { callbackCommand: 'callbackAfterAddFriendAgreeCommand', ...agreed },
      { callbackCommand: 'callbackAfterDeleteFriendCommand', ownerUserID: alice, friendUserID: bob },
      { callbackCommand: 'callbackAfterRemoveBlackCommand', ownerUserID: alice, blackUserID: bob },
    ])
    for (const { operationID, eventID } of app.queued) {
      expect(operationID).toBe('op-1')
      expect(eventID).toMatch(/^[0-9a-f]{32}$/)
    }
  })
})
