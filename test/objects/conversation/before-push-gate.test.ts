import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { groupChange, groupCreation, memberRecord } from '../../rigs/group-rig.ts'
import { setForObjects } from '../../rigs/object-settings.ts'
import {
  appendItem,
  bindings,
  conversation,
  Device,
  register,
  textMessage,
  textOf,
  until,
  user,
} from '../../rigs/rig.ts'
import { AppServer, type Asked, GO_ON, REFUSE } from '../../rigs/webhook-rig.ts'

let app: AppServer
let alice: string
let bob: string
let carol: string
let count = 0

beforeEach(async () => {
  const n = `${count++}pw`
  ;[alice, bob, carol] = [`alice${n}`, `bob${n}`, `carol${n}`]
  await register(alice, bob, carol)
  app = new AppServer()
})
afterEach(() => {
  app.leaveObjects()
  vi.restoreAllMocks()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const textIn = ({ body }: Asked): string => JSON.parse(body.content).content ?? ''
/** Does not answer until the webhook's timeout aborts the call. */
const hang = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
const texts = (device: Device) =>
  device
    .received()
    .filter(({ msg }) => msg.contentType === ContentType.Text)
    .map(({ msg }) => textOf(msg))
/** The newest seq that a device finds when it reconnects. */
const newestOf = async (userID: string, conversationID: string) => (await user(userID).newestSeqs())[conversationID]

describe('a one-to-one message in the before-push gate', () => {
  const chat = () => `si_${alice}_${bob}`

  it('causes one webhook call, which names both users', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await a.sendText(bob, 'hello', 'first')
    expect(await b.receivedTexts(1)).toEqual(['hello'])
    expect(app.asked.map(({ body }) => body)).toEqual([
      {
        callbackCommand: 'callbackBeforeOnlinePushCommand',
        operationID: expect.stringContaining('op-'),
        platformID: 5,
        platform: expect.any(String),
        userIDList: [bob, alice],
        clientMsgID: 'first',
        sendID: alice,
        groupID: '',
        contentType: 101,
        sessionType: 1,
        atUserIDList: [],
        content: '{"content":"hello"}',
      },
    ])
  })

  it('is not pushed but found by a sync when the app server refuses it, and the next message is pushed', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    app.answer = (asked) => (textIn(asked) === 'casino!' ? REFUSE : GO_ON)
    const [a, b, other] = await Promise.all([
      Device.connect(alice),
      Device.connect(bob),
      Device.connect(alice, { platformID: 3, kind: 'go' }),
    ])
    expect((await a.sendText(bob, 'casino!')).serverMsgID).not.toBe('')
    await expect.poll(() => newestOf(bob, chat())).toBe(1)
    await a.sendText(bob, 'sorry')
    expect(await b.receivedTexts(1)).toEqual(['sorry'])
    expect(b.received()[0]?.msg.seq).toBe(2)
    // The sender's own object passes the message to the sender's other devices.
    expect(await other.receivedTexts(2)).toEqual(['casino!', 'sorry'])
    const [pulled] = await user(bob).pullRanges([{ conversationID: chat(), begin: 1, end: 1, num: 1 }], 0)
    expect(pulled?.msgs).toHaveLength(1)
  })

  it.each([
    ['is pushed when the app server hangs', true, ['hangs', 'answered']],
    ['is not pushed when the app server hangs and failedContinue is off', false, ['answered']],
  ])('%s', async (_what, failedContinue, received) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await app.inObjects({ beforeOnlinePush: { timeout: 0.3, failedContinue } })
    app.answer = (asked, signal) => (textIn(asked) === 'hangs' ? hang(signal) : GO_ON)
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await a.sendText(bob, 'hangs')
    await a.sendText(bob, 'answered')
    await until(() => texts(b).includes('answered'))
    expect(texts(b)).toEqual(received)
    await expect.poll(() => newestOf(bob, chat())).toBe(2)
  })

  it('keeps its place while the app server has not answered, and delays no other conversation', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    const answered: string[] = []
    let mayAnswer = false
    app.answer = async (asked) => {
      while (textIn(asked) === 'first' && !mayAnswer) await pause(5)
      answered.push(textIn(asked))
      return Response.json(GO_ON)
    }
    const [a, b, c] = await Promise.all([Device.connect(alice), Device.connect(bob), Device.connect(carol)])
    await a.sendText(bob, 'first')
    await b.sendText(alice, 'second')
    await a.sendText(bob, 'third')
    await c.sendText(bob, 'from another')
    await until(() => answered.includes('third'))
    expect(await b.receivedTexts(1)).toEqual(['from another'])
    expect(texts(a)).toEqual(['first'])
    mayAnswer = true
    await until(() => texts(b).length === 4 && texts(a).length === 3)
    expect(texts(b)).toEqual(['from another', 'first', 'second', 'third'])
    expect(texts(a)).toEqual(['first', 'second', 'third'])
  })

  it('is pushed or refused, and never stored, when the message is an unstored message', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    app.answer = (asked) => (textIn(asked) === 'casino!' ? REFUSE : GO_ON)
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    for (const text of ['casino!', 'for now']) {
      const message = textMessage(alice, bob, text, text, { options: { history: false } })
      expect((await a.request(WsRequestID.SendMsg, message)).errCode).toBe(0)
    }
    expect(await b.receivedTexts(1)).toEqual(['for now'])
    expect(await newestOf(bob, chat())).toBeUndefined()
  })

  it('passes at once and without a webhook call when the message reports typing', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    app.answer = (_asked, signal) => hang(signal)
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await a.sendText(bob, 'held')
    const typing = textMessage(alice, bob, 'typing', 'yes', {
      contentType: ContentType.Typing,
      options: { history: false, senderSync: false },
    })
    await a.request(WsRequestID.SendMsg, typing)
    await until(() => b.received().length > 0)
    expect(b.received()[0]?.msg.contentType).toBe(ContentType.Typing)
    expect(app.askedAs('beforeOnlinePush')).toHaveLength(1)
  })

  it('causes another webhook call after a crash of the object, and follows the new answer', async () => {
    await app.inObjects({ beforeOnlinePush: {} })
    app.answer = (_asked, signal) => hang(signal)
    const append = (clientMsgID: string) =>
      conversation(chat()).append([appendItem({ sendID: alice, recvID: bob, clientMsgID, skipSender: false })])
    await append('vetoed')
    await append('allowed')
    await until(() => app.asked.length === 2)
    await abortAllDurableObjects()
    const b = await Device.connect(bob)
    app.answer = (asked) => (textIn(asked) === 'vetoed' ? REFUSE : GO_ON)
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName(chat()))
    expect(await b.receivedTexts(1)).toEqual(['allowed'])
    await expect.poll(() => newestOf(bob, chat())).toBe(2)
    expect(texts(b)).toEqual(['allowed'])
  })
})

describe('a group message in the before-push gate', () => {
  let groupID: string
  const chat = () => `sg_${groupID}`

  const createGroup = async (...userIDs: string[]) => {
    groupID = `g${count}pw`
    await conversation(chat()).changeGroup(groupCreation(groupID, userIDs))
  }
  const say = async (device: Device, sendID: string, text: string) => {
    const message = textMessage(sendID, '', `${groupID} ${text}`, text, { sessionType: 3, groupID })
    expect((await device.request(WsRequestID.SendMsg, message)).errCode).toBe(0)
  }

  it('causes one webhook call for all members, with its seq', async () => {
    await createGroup(alice, bob, carol)
    await app.inObjects({ beforeGroupOnlinePush: {}, beforeOnlinePush: {} })
    const [a, b, c] = await Promise.all([Device.connect(alice), Device.connect(bob), Device.connect(carol)])
    await say(a, alice, 'hello')
    await until(() => [b, c].every((device) => texts(device).length === 1))
    expect(app.asked.map(({ body }) => body)).toEqual([
      {
        callbackCommand: 'callbackBeforeGroupOnlinePushCommand',
        operationID: expect.any(String),
        platformID: 5,
        platform: expect.any(String),
        clientMsgID: `${groupID} hello`,
        sendID: alice,
        groupID,
        contentType: 101,
        sessionType: 3,
        atUserIDList: [],
        content: '{"content":"hello"}',
        seq: b.received().find(({ msg }) => msg.contentType === ContentType.Text)?.msg.seq,
      },
    ])
  })

  describe.each([
    ['in a group without relays', 20],
    ['in a group with relays', 2],
  ])('%s', (_how, maxDirectMembers) => {
    let restore = () => {}
    afterEach(() => restore())

    it('is pushed to the members that the app server names, and found by a sync for the other members', async () => {
      restore = await setForObjects({ maxDirectMembers })
      await createGroup(alice, bob, carol)
      const stranger = `${alice}stranger`
      await register(stranger)
      const devices = await Promise.all([alice, bob, carol, stranger].map((userID) => Device.connect(userID)))
      const [a, b, c, s] = devices as [Device, Device, Device, Device]
      await app.inObjects({ beforeGroupOnlinePush: {} })
      app.answer = (asked) => {
        if (textIn(asked) === 'for bob') return { ...GO_ON, userIDList: [bob, stranger] }
        return textIn(asked) === 'for nobody' ? REFUSE : GO_ON
      }
      for (const text of ['for bob', 'for nobody', 'for all']) await say(a, alice, text)
      await until(() => [b, c].every((device) => texts(device).includes('for all')))
      expect(texts(b)).toEqual(['for bob', 'for all'])
      expect(texts(c)).toEqual(['for all'])
      expect(texts(s)).toEqual([])
      const newest = c.received().findLast(({ msg }) => msg.contentType === ContentType.Text)?.msg.seq ?? 0
      const [pulled] = await user(carol).pullRanges([{ conversationID: chat(), begin: 1, end: newest, num: 100 }], 0)
      expect(pulled?.msgs.length).toBeGreaterThanOrEqual(3)
    })
  })

  it('is pushed to the members at the time of sending, whatever changes before the app server answers', async () => {
    await createGroup(alice, bob)
    await app.inObjects({ beforeGroupOnlinePush: {} })
    let mayAnswer = false
    app.answer = async (asked) => {
      while (textIn(asked) === 'first' && !mayAnswer) await pause(5)
      return Response.json(GO_ON)
    }
    const [a, b, c] = await Promise.all([Device.connect(alice), Device.connect(bob), Device.connect(carol)])
    await say(a, alice, 'first')
    const notice = (contentType: number) => [{ contentType, sendID: alice, detail: { group: { groupID } } }]
    const change = (given: object) =>
      conversation(chat()).changeGroup(groupChange(groupID, { ...given, callerUserID: alice }))
    await change({ join: [memberRecord(groupID, carol)], notices: notice(1509) })
    await change({ leave: [bob], notices: notice(1508) })
    await say(a, alice, 'second')
    await until(() => app.askedAs('beforeGroupOnlinePush').some((body) => body.content.includes('second')))
    mayAnswer = true
    await until(() => texts(b).length > 0 && texts(c).length > 0)
    expect(texts(b)).toEqual(['first'])
    expect(texts(c)).toEqual(['second'])
    // The notices of the changes arrive after the message, in the order of the changes.
    const kinds = (device: Device) => device.received().map(({ msg }) => msg.contentType)
    await until(() => kinds(b).includes(1508))
    expect(kinds(b).filter((kind) => [101, 1508].includes(kind))[0]).toBe(101)
  })
})

describe('a message in a deployment without webhooks', () => {
  it('causes no webhook call', async () => {
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await a.sendText(bob, 'hello')
    expect(await b.receivedTexts(1)).toEqual(['hello'])
    expect(app.asked).toEqual([])
    expect(app.queued).toEqual([])
  })
})
