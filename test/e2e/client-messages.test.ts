import { describe, expect, it } from 'vitest'
import { received, send } from './rig/client.ts'
import { shown, textsOf, until, useOwnClients } from './rig/own-client.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene()
const own = useOwnClients(scene)

describe('our client', () => {
  it('shows a message at once, then with its seq, and to the other user and the JS SDK', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    const bobsPhone = await scene.js(bobID, { platformID: PLATFORM.android })
    const thread = alice.openThread({ userID: bobID })
    const sent = thread.send({ kind: 'text', text: 'good morning ☕' })
    expect(sent).toMatchObject({ status: 'sending', seq: 0, sendID: aliceID, recvID: bobID })
    expect(thread.state.get().messages).toEqual([sent])

    const { clientMsgID } = sent
    expect(await shown(thread, 'good morning ☕')).toMatchObject({ clientMsgID, seq: 1, status: 'sent' })
    expect(await received(bobsPhone, 'good morning ☕')).toMatchObject({ clientMsgID, seq: 1 })
    const listed = await until(bob.conversations, ({ conversations }) => conversations[0])
    expect(listed).toMatchObject({ userID: aliceID, showName: nicknameOf(aliceID), unreadCount: 1, maxSeq: 1 })
    const bobsThread = bob.openThread({ userID: aliceID })
    await shown(bobsThread, 'good morning ☕')

    await bobsPhone.sendText(aliceID, 'from the phone')
    bobsThread.send({ kind: 'text', text: 'and from the web' })
    await shown(thread, 'and from the web')
    await shown(bobsThread, 'and from the web')
    expect(textsOf(thread)).toEqual(['good morning ☕', 'from the phone', 'and from the web'])
    expect(textsOf(bobsThread)).toEqual(textsOf(thread))
    expect(thread.state.get().messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('marks messages as read for the sender and on the other devices of the reader', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    const bobsPhone = await own.login(bobID, { platformID: PLATFORM.ios })
    const thread = alice.openThread({ userID: bobID })
    for (const text of ['one', 'two', 'three']) thread.send({ kind: 'text', text })
    await shown(thread, 'three')
    const bobsThread = bob.openThread({ userID: aliceID })
    await shown(bobsThread, 'three')
    await until(bobsPhone.conversations, ({ totalUnread }) => totalUnread === 3)
    await bobsThread.markRead()
    await until(thread.state, ({ messages }) => messages.length === 3 && messages.every(({ isRead }) => isRead))
    await until(bobsPhone.conversations, ({ totalUnread }) => totalUnread === 0)
    expect(bob.conversations.get().totalUnread).toBe(0)
    expect(thread.state.get().peerReadSeq).toBe(3)
  })

  it('loads the history page by page, and around a message', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const raw = await scene.raw(aliceID)
    const texts = Array.from({ length: 100 }, (_, i) => `m${i + 1}`)
    await raw.deliverTexts(bobID, texts)
    const bob = await own.login(bobID)
    const thread = bob.openThread({ userID: aliceID })
    await shown(thread, 'm100')
    expect(textsOf(thread)).toEqual(texts.slice(70))
    await thread.loadOlder()
    expect(textsOf(thread)).toEqual(texts.slice(40))
    await Promise.all([thread.loadOlder(), thread.loadOlder()])
    expect(textsOf(thread)).toEqual(texts.slice(10))
    await thread.loadOlder()
    expect(textsOf(thread)).toEqual(texts)
    expect(thread.state.get().hasOlder).toBe(false)
    thread.close()

    const jumped = bob.openThread({ userID: aliceID })
    await shown(jumped, 'm100')
    await jumped.jumpTo(20)
    expect(textsOf(jumped)).toEqual(texts.slice(0, 50))
    expect(jumped.state.get().hasNewer).toBe(true)
    await raw.deliverText(bobID, 'm101')
    await until(bob.conversations, ({ conversations }) => conversations[0]?.maxSeq === 101)
    await jumped.loadNewer()
    expect(textsOf(jumped)).toEqual(texts.slice(0, 80))
    await jumped.jumpToLatest()
    expect(textsOf(jumped).at(-1)).toBe('m101')
    expect(jumped.state.get().hasNewer).toBe(false)
  })

  it('sends and reads quotes, mentions, cards, places and custom messages like the JS SDK', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bobsPhone = await scene.js(bobID, { platformID: PLATFORM.android })
    const thread = alice.openThread({ userID: bobID })
    await bobsPhone.sendText(aliceID, 'to quote')
    const quoted = await shown(thread, 'to quote')
    thread.send({ kind: 'quote', text: 'an answer', quoted })
    const answer = await bobsPhone.events.until('the quote', () =>
      bobsPhone.events.all.find(({ data }) => JSON.stringify(data).includes('an answer')),
    )
    expect(JSON.stringify(answer.data)).toContain('to quote')
    await send(bobsPhone, aliceID, 'createCustomMessage', { data: '{"a":1}', description: 'd', extension: 'e' })
    const custom = await until(thread.state, ({ messages }) =>
      messages.find(({ content }) => content.kind === 'custom'),
    )
    expect(custom.content).toMatchObject({ data: '{"a":1}', description: 'd', extension: 'e' })
    thread.send({ kind: 'card', user: { userID: bobID, nickname: 'Bob', faceURL: '', ex: '' } })
    thread.send({ kind: 'location', description: 'here', longitude: 1.5, latitude: -2.5 })
    thread.send({ kind: 'markdown', text: '**bold**' })
    await shown(thread, '**bold**')
    const kinds = thread.state.get().messages.map(({ content }) => content.kind)
    expect(kinds).toEqual(['text', 'quote', 'custom', 'card', 'location', 'markdown'])
  })

  it('shows that the other user is typing until the message comes', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    const thread = alice.openThread({ userID: bobID })
    const bobsThread = bob.openThread({ userID: aliceID })
    thread.setTyping(true)
    await until(bobsThread.state, ({ typingUserIDs }) => typingUserIDs.includes(aliceID))
    thread.send({ kind: 'text', text: 'there' })
    await shown(bobsThread, 'there')
    await until(bobsThread.state, ({ typingUserIDs }) => typingUserIDs.length === 0)
  })

  it('revokes, deletes and clears messages on all devices', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const alicesPhone = await own.login(aliceID, { platformID: PLATFORM.ios })
    const bob = await own.login(bobID)
    const thread = alice.openThread({ userID: bobID })
    const phoneThread = alicesPhone.openThread({ userID: bobID })
    const bobsThread = bob.openThread({ userID: aliceID })
    for (const text of ['one', 'two', 'three']) thread.send({ kind: 'text', text })
    await Promise.all([thread, phoneThread, bobsThread].map((each) => shown(each, 'three')))
    const { conversationID } = thread
    await alice.revoke(conversationID, 2)
    for (const each of [thread, phoneThread, bobsThread]) {
      const revoked = await until(each.state, ({ messages }) =>
        messages.find(({ content }) => content.kind === 'revoked'),
      )
      expect(revoked).toMatchObject({ seq: 2, content: { revokerID: aliceID } })
    }
    await alice.deleteMessages(conversationID, [3])
    for (const each of [thread, phoneThread]) await until(each.state, ({ messages }) => messages.length === 2)
    await until(alicesPhone.conversations, ({ conversations }) => conversations[0]?.latestMessage?.seq === 2)
    await alice.clearConversation(conversationID)
    for (const each of [thread, phoneThread]) await until(each.state, ({ messages }) => messages.length === 0)
    expect(textsOf(bobsThread)).toEqual(['one', 'revoked', 'three'])
    bobsThread.send({ kind: 'text', text: 'four' })
    await shown(thread, 'four')
    expect(textsOf(thread)).toEqual(['four'])
  })
})
