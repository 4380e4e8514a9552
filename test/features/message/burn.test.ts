import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { MessageStatus } from '../../../src/protocol/constants/message-status.ts'
import { MsgData } from '../../../src/protocol/proto/index.ts'
import { adminToken, bindings, conversation, Device, post, register, until, user, userToken } from '../../rigs/rig.ts'

/* Burn after reading, and self-destruction: both erase or hide a message exactly when its time is over. */

let next = 0
let alice: string
let bob: string
let chat: string
let tokens: Record<string, string>

beforeEach(async () => {
  ;[alice, bob] = [`alice_${next}`, `bob_${next++}`]
  await register(alice, bob)
  chat = `si_${alice}_${bob}`
  tokens = { [alice]: await userToken(alice), [bob]: await userToken(bob) }
})

const peerOf = (userID: string) => (userID === alice ? bob : alice)

async function set(userID: string, fields: object): Promise<void> {
  const given = { conversationID: chat, conversationType: 1, userID: peerOf(userID), ...fields }
  const body = { userIDs: [userID], conversation: given }
  expect((await post('/conversation/set_conversations', body, tokens[userID])).errCode).toBe(0)
}

async function send(sendID: string, text: string, given: object = {}): Promise<void> {
  const message = { sendID, recvID: peerOf(sendID), senderPlatformID: 5, sessionType: 1, contentType: 101, ...given }
  expect((await post('/msg/send_msg', { ...message, content: { content: text } }, await adminToken())).errCode).toBe(0)
}

const read = (userID: string, hasReadSeq: number) =>
  post('/msg/mark_conversation_as_read', { userID, conversationID: chat, hasReadSeq, seqs: [] }, tokens[userID])

/** The texts of the chat that a device which logs in now can pull. */
async function textsFor(userID: string): Promise<string[]> {
  await user(userID).newestSeqs()
  const [log] = await user(userID).pullRanges([{ conversationID: chat, begin: 1, end: 1_000, num: 1_000 }], 0)
  return (log?.msgs ?? [])
    .map((bytes) => MsgData.decode(bytes))
    .filter(({ status, contentType }) => status < MessageStatus.Deleted && contentType === ContentType.Text)
    .map(({ content }) => JSON.parse(new TextDecoder().decode(content)).content)
}

const storedTexts = () =>
  runInDurableObject(bindings.CONVERSATION.getByName(chat), (_object, { storage }) =>
    storage.sql
      .exec<{ msg: ArrayBuffer }>('SELECT msg FROM chat')
      .toArray()
      .map(({ msg }) => new TextDecoder().decode(msg))
      .filter((text) => text.includes('secret')),
  )

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a private chat with burnDuration', () => {
  it.each([
    ['set before the first message', false],
    ['set in a chat that exists', true],
  ])('erases a message for both users when it is due after the reading: %s', async (_name, exists) => {
    if (exists) await send(alice, 'open')
    await set(alice, { isPrivateChat: true, burnDuration: 1 })
    await send(alice, 'secret')
    const maxSeq = await conversation(chat).maxSeq()
    await wait(1_200)
    expect(await textsFor(bob)).toContain('secret')
    await read(bob, maxSeq)
    expect(await textsFor(alice)).toContain('secret')
    await wait(1_100)
    expect([await textsFor(alice), await textsFor(bob)]).toEqual(exists ? [['open'], ['open']] : [[], []])
    expect(await storedTexts()).toEqual([])
  })

  it('erases without a reader, and notifies both users, also the devices that connect later', async () => {
    await set(alice, { isPrivateChat: true, burnDuration: 1 })
    await send(alice, 'secret')
    const device = await Device.connect(alice)
    const seq = await conversation(chat).maxSeq()
    await read(bob, seq)
    await until(async () => (await storedTexts()).length === 0, 5_000)
    const told = () => device.received().find(({ msg }) => msg.contentType === ContentType.DeleteMsgsNotification)
    await until(() => told() !== undefined)
    const { detail } = JSON.parse(new TextDecoder().decode(told()?.msg.content))
    expect(JSON.parse(detail)).toMatchObject({ conversationID: chat, seqs: [seq] })
    const twin = `n_${alice}_${bob}`
    const [log] = await user(bob).pullRanges([{ conversationID: twin, begin: 1, end: 100, num: 100 }], 0)
    expect(log?.msgs.length).toBeGreaterThan(0)
  })

  it('is erased by the alarm', async () => {
    await set(alice, { isPrivateChat: true, burnDuration: 9 })
    await send(alice, 'secret')
    await read(bob, await conversation(chat).maxSeq())
    await wait(9_000)
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName(chat))
    expect(await storedTexts()).toEqual([])
  })

  it('burns the answers of the other user by the same setting, and keeps what came before and after', async () => {
    await send(bob, 'before')
    await set(alice, { isPrivateChat: true, burnDuration: 1 })
    await send(bob, 'answer')
    await set(bob, { isPrivateChat: false })
    await send(bob, 'after')
    await read(alice, await conversation(chat).maxSeq())
    await wait(1_100)
    expect(await textsFor(bob)).toEqual(['before', 'after'])
  })
})

describe('msgDestructTime', () => {
  it('hides each message from its owner when it is due after its sending, and keeps it for the other user', async () => {
    await send(alice, 'old')
    await set(alice, { isMsgDestruct: true, msgDestructTime: 2 })
    await wait(1_000)
    await send(bob, 'new')
    expect(await textsFor(alice)).toContain('new')
    await wait(1_100)
    expect(await textsFor(alice)).toEqual(['new'])
    await wait(1_200)
    expect(await textsFor(alice)).toEqual([])
    expect(await textsFor(bob)).toEqual(['old', 'new'])
  })

  it('is carried out by the alarm within seconds, and the devices are notified', async () => {
    await send(bob, 'hello')
    const device = await Device.connect(alice, { token: tokens[alice] as string })
    await set(alice, { isMsgDestruct: true, msgDestructTime: 1 })
    const row = async () =>
      runInDurableObject(bindings.USER.getByName(alice), (_object, { storage }) =>
        storage.sql.exec<{ min_seq: number }>('SELECT min_seq FROM log_mark WHERE conversation_id = ?', chat).one(),
      )
    await until(async () => (await row()).min_seq === 2, 8_000)
    await until(() => device.received().filter(({ msg }) => msg.contentType === 1300).length >= 2)
    // A message that comes while no device is online sets the alarm as well.
    device.close()
    await until(async () => (await user(alice).onlinePlatforms()).length === 0)
    for (const text of ['two', 'three']) await send(bob, text)
    await until(async () => (await row()).min_seq === 4, 8_000)
  })
})
