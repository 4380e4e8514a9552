import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { MsgData, SendMsgResp } from '../../src/protocol/proto/index.ts'
import { AppServer, type Call, GO_ON } from './rig/app-server.ts'
import { expectTexts } from './rig/chats.ts'
import { received, receivedBy } from './rig/client.ts'
import { REQ, textOf } from './rig/raw-client.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const SECRET = 'what only the two servers know'
/** In seconds. The app server runs in this process and may answer late; a webhook that gets no answer takes this long. */
const HOOK_TIMEOUT = 3
/** Deadline for eleven failed deliveries, which are a second apart. */
const DEAD_TIMEOUT_MS = 180_000

const app = await AppServer.start(SECRET)
const beforeHook = { enable: true, timeout: HOOK_TIMEOUT, failedContinue: true }
const afterHook = { enable: true, timeout: HOOK_TIMEOUT }
const scene = useScene({
  server: {
    env: {
      OPENIM_WEBHOOK_SECRET: SECRET,
      OPENIM_WEBHOOK_RETRY_SECONDS: '0',
      OPENIM_WEBHOOKS: JSON.stringify({
        url: `${app.url}/hooks`,
        beforeSendSingleMsg: beforeHook,
        beforeMsgModify: beforeHook,
        beforeAddFriend: { ...beforeHook, failedContinue: false },
        beforeOnlinePush: beforeHook,
        beforeCreateSingleChatConversations: beforeHook,
        afterSendSingleMsg: afterHook,
        afterMsgSaveDB: afterHook,
        afterUserOnline: afterHook,
        afterUserOffline: afterHook,
        afterUserKickOff: afterHook,
        afterUserRegister: afterHook,
        afterCreateSingleChatConversations: afterHook,
      }),
    },
  },
})

afterEach(() => {
  app.answer = () => GO_ON
  expect(app.forged).toEqual([])
  expect(app.redirected).toEqual([])
})
afterAll(() => app.stop())

const SENT = 'callbackAfterSendSingleMsgCommand'
const SAVED = 'callbackAfterMsgSaveDBCommand'
const BEFORE = 'callbackBeforeSendSingleMsgCommand'
const ONLINE = 'callbackBeforeOnlinePushCommand'
const MODIFY = 'callbackBeforeMsgModifyCommand'

const from = (userID: string, command: string) =>
  app.called(command).filter(({ body }) => body.sendID === userID || body.userID === userID)
const textIn = ({ body }: Call) => JSON.parse(body.content).content
/** Waits until the app has been notified. */
const notified = async (userID: string, command: string, count = 1): Promise<Call[]> => {
  await expect.poll(() => from(userID, command).length).toBeGreaterThanOrEqual(count)
  return from(userID, command)
}
const asAdmin = async (path: string, body: object) => {
  const reply = await scene.rest.post(path, body, { token: await scene.rest.adminToken() })
  expect(reply, JSON.stringify(reply)).toMatchObject({ errCode: 0 })
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the reply holds
  return reply.data as any
}
const page = { pagination: { pageNumber: 1, showNumber: 1_000 } }

describe('a webhook', () => {
  it('lets the app see, change and answer a message, and notifies the app of the message', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.js(aliceID), scene.js(bobID)])
    app.answer = ({ command, body }) =>
      command === MODIFY && body.sendID === aliceID ? { ...GO_ON, content: '{"content":"what a d***"}' } : GO_ON
    await alice.sendText(bobID, 'what a day')
    expect(await received(bob, 'what a d***')).toMatchObject({ sendID: aliceID, seq: 1 })
    await expectTexts(alice, bobID, ['what a d***'])

    const [before] = from(aliceID, BEFORE)
    expect(before).toMatchObject({
      path: `/hooks/${BEFORE}`,
      body: { recvID: bobID, content: '{"content":"what a day"}', contentType: 101, sessionType: 1, seq: 0 },
    })
    expect(before?.operationID).toBe(before?.body.operationID)
    const [sent] = await notified(aliceID, SENT)
    expect(sent).toMatchObject({ body: { recvID: bobID, content: '{"content":"what a d***"}', seq: 0 } })
    expect(sent?.operationID).toBe(before?.operationID)
    expect(sent?.body.clientMsgID).toBe(before?.body.clientMsgID)
    const [saved] = await notified(aliceID, SAVED)
    expect(saved?.body).toMatchObject({ seq: 1, status: 2, serverMsgID: sent?.body.serverMsgID })

    const key = encodeURIComponent(sent?.query.get('key') ?? '')
    await asAdmin(`/msg/send_simple_msg?key=${key}`, { content: 'answered by a robot' })
    await expect.poll(() => receivedBy(alice).length).toBeGreaterThan(0)
    expect(
      (await scene.raw(aliceID, { platformID: PLATFORM.linux }).then((raw) => raw.pullAll(bobID))).at(-1),
    ).toMatchObject({
      sendID: bobID,
      contentType: 118,
    })
  })

  it('stops a message that the app refuses, and gives the app’s code to the sender', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.js(aliceID), scene.js(bobID)])
    app.answer = ({ command, body }) =>
      command === BEFORE && body.content.includes('casino')
        ? { ...GO_ON, nextCode: 1, errCode: 5007, errMsg: 'NoAdvertising', errDlt: 'buy it elsewhere' }
        : GO_ON
    await expect(alice.sendText(bobID, 'casino!')).rejects.toThrow('"errCode":5007')
    await alice.sendText(bobID, 'sorry')
    await received(bob, 'sorry')
    expect(receivedBy(bob).map(({ text }) => text)).toEqual(['sorry'])
    expect((await notified(aliceID, SENT)).map(textIn)).toEqual(['sorry'])
  })

  it('keeps the order of messages when the app’s answers take different times or never arrive', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.raw(bobID)])
    const texts = Array.from({ length: 20 }, (_, i) => `message ${i}`)
    app.answer = async (call) => {
      if (call.command !== BEFORE) return GO_ON
      // Message 5 gets no answer; each earlier message gets its answer later than the next one.
      const i = Number(textIn(call).split(' ')[1])
      if (i === 5) return undefined
      await new Promise((resolve) => setTimeout(resolve, (20 - i) * 15))
      return GO_ON
    }
    const answers = texts.map((text) =>
      alice.request(REQ.send, MsgData.encode(alice.textTo(bobID, text)).finish()).then((answer) => {
        expect(answer.errCode).toBe(0)
        return SendMsgResp.decode(answer.data)
      }),
    )
    await Promise.all(answers)
    await bob.received('message 19')
    expect(bob.pushed().map(textOf)).toEqual(texts)
    expect((await bob.pullAll(aliceID)).map(textOf)).toEqual(texts)
    // The app is notified of each message once, in any order.
    const saved = await notified(aliceID, SAVED, 20)
    expect(saved.map(({ body }) => body.seq).sort((a, b) => a - b)).toEqual(texts.map((_, i) => i + 1))
  })

  it('stores a message, but does not push the message, when the app refuses the push', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.raw(bobID)])
    app.answer = ({ command, body }) =>
      command === ONLINE && body.sendID === aliceID && JSON.parse(body.content).content === 'quiet'
        ? { ...GO_ON, nextCode: 1, errCode: 5008 }
        : GO_ON
    const texts = ['loud', 'quiet', 'loud again']
    for (const text of texts) await alice.deliverText(bobID, text)
    await bob.received('loud again')
    expect(bob.pushed().map(textOf)).toEqual(['loud', 'loud again'])
    expect((await bob.pullAll(aliceID)).map(textOf)).toEqual(texts)
    const fresh = await scene.js(bobID, { platformID: PLATFORM.linux })
    expect((await fresh.history(aliceID)).map(({ text }) => text)).toEqual(texts)
    expect(from(aliceID, ONLINE).map(({ body }) => body.userIDList)).toEqual(texts.map(() => [bobID, aliceID]))
  })

  it('fails a backend’s call with a clear error when a required webhook gets no valid answer', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const ask = async () =>
      scene.rest.post(
        '/friend/add_friend',
        { fromUserID: aliceID, toUserID: bobID, reqMsg: 'hi' },
        { token: await scene.rest.adminToken() },
      )
    const answers: [number, AppServer['answer']][] = [
      [90004, () => undefined],
      [90004, (_call, response) => void response.writeHead(302, { location: `${app.url}/private` }).end()],
      [90004, (_call, response) => void response.destroy()],
      [90004, (_call, response) => void response.end('x'.repeat(2_000_000))],
      [90007, (_call, response) => void response.setHeader('content-type', 'text/html').end('<html>Log in</html>')],
      [90007, () => ({ actionCode: 'zero' })],
    ]
    for (const [errCode, answer] of answers) {
      app.answer = answer
      const reply = await ask()
      expect(reply).toMatchObject({ errCode, errDlt: expect.stringContaining("the app's webhook beforeAddFriend") })
      expect(JSON.stringify(reply)).not.toContain('127.0.0.1')
    }
    app.answer = () => GO_ON
    expect(await ask()).toMatchObject({ errCode: 0 })
  })

  it('retries an event with the same ID until the app accepts the event, without delaying messages', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.raw(bobID)])
    const failures: AppServer['answer'][] = [
      (_call, response) => void response.writeHead(500).end(),
      (_call, response) => void response.setHeader('content-type', 'text/html').end('<html>Log in</html>'),
      (_call, response) => void response.writeHead(307, { location: `${app.url}/private` }).end(),
      () => undefined,
    ]
    app.answer = (call, response) => {
      if (call.command !== SENT || call.body.sendID !== aliceID) return GO_ON
      const failure = failures[from(aliceID, SENT).length - 1]
      return failure ? failure(call, response) : GO_ON
    }
    await alice.deliverText(bobID, 'not held up')
    await bob.received('not held up')
    const tries = await notified(aliceID, SENT, failures.length + 1)
    expect(new Set(tries.map(({ eventID }) => eventID)).size).toBe(1)
    expect(new Set(tries.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    const [{ eventID }] = tries as [Call]
    const log = async () => (await asAdmin('/webhook/get_deliveries', { eventID, ...page })).deliveries
    await expect.poll(async () => (await log()).length).toBe(failures.length + 1)
    expect((await log()).map((entry: Record<string, unknown>) => [entry.attempt, entry.status, entry.error])).toEqual([
      [5, 200, ''],
      [4, 0, `it did not answer within ${HOOK_TIMEOUT} seconds`],
      [3, 307, 'it answered 307, and redirects are not followed'],
      [2, 200, 'it answered a web page'],
      [1, 500, 'it answered 500'],
    ])
  })

  it('keeps an event that the app never accepts, until an administrator replays it', async () => {
    app.answer = ({ command }, response) =>
      command === 'callbackAfterUserRegisterCommand' ? void response.writeHead(503).end() : GO_ON
    const [aliceID] = await scene.users('alice')
    const registered = () =>
      app.called('callbackAfterUserRegisterCommand').filter(({ body }) => body.users[0].userID === aliceID)
    await expect.poll(() => registered().length).toBeGreaterThan(0)
    const [first] = registered()
    const letter = async () =>
      (await asAdmin('/webhook/get_dead_letters', { webhook: 'afterUserRegister', ...page })).deadLetters.find(
        ({ eventID }: { eventID: string }) => eventID === first?.eventID,
      )
    await expect.poll(letter, { timeout: DEAD_TIMEOUT_MS }).toBeDefined()
    expect(registered()).toHaveLength(11)
    app.answer = () => GO_ON
    expect(await asAdmin('/webhook/replay', { ids: [(await letter()).id] })).toEqual({ replayed: 1 })
    await expect.poll(() => registered().length).toBe(12)
    expect(registered().at(-1)?.eventID).toBe(first?.eventID)
    expect(registered().at(-1)?.body).toEqual(first?.body)
    await expect.poll(letter).toBeUndefined()
  })

  it('notifies the app when a user connects, is kicked and disconnects', async () => {
    const [aliceID] = await scene.users('alice')
    const first = await scene.raw(aliceID)
    const [online] = await notified(aliceID, 'callbackAfterUserOnlineCommand')
    expect(online?.body).toMatchObject({ platformID: 5, platform: 'Web', isAppBackground: false })
    expect(online?.operationID).toBe(online?.body.operationID)
    const token = await scene.newLogin(aliceID, PLATFORM.web)
    const second = await scene.raw(aliceID, { token })
    await first.closed
    const [kicked] = await notified(aliceID, 'callbackAfterUserKickOffCommand')
    expect(kicked?.body).toMatchObject({ userID: aliceID, platformID: 5, platform: 'Web' })
    await second.close()
    await notified(aliceID, 'callbackAfterUserOfflineCommand')
    // One of the two connections was open all the time.
    expect(from(aliceID, 'callbackAfterUserOnlineCommand')).toHaveLength(1)
    expect(from(aliceID, 'callbackAfterUserOfflineCommand')).toHaveLength(1)
  })

  it('lets the app set values of a new conversation', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    app.answer = ({ command, body }) =>
      command === 'callbackBeforeCreateSingleChatConversationsCommand' && body.ownerUserId === bobID
        ? { ...GO_ON, isPinned: true, ex: 'set by the app' }
        : GO_ON
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.raw(bobID)])
    await alice.deliverText(bobID, 'hello')
    await bob.received('hello')
    const rowOf = async (ownerUserID: string) =>
      (await asAdmin('/conversation/get_all_conversations', { ownerUserID })).conversations[0]
    await expect.poll(() => rowOf(bobID)).toMatchObject({ userID: aliceID, isPinned: true, ex: 'set by the app' })
    await expect.poll(() => rowOf(aliceID)).toMatchObject({ userID: bobID, isPinned: false, ex: '' })
    await expect
      .poll(() => app.called('callbackAfterCreateSingleChatConversationsCommand').map(({ body }) => body.ownerUserId))
      .toEqual(expect.arrayContaining([aliceID, bobID]))
  })
})
