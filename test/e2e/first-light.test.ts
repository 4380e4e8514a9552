import { describe, expect, it } from 'vitest'
import { expectChats } from './rig/chats.ts'
import { type Client, chatIDOf, received, receivedBy, wholeHistory } from './rig/client.ts'
import { RawClient } from './rig/raw-client.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

describe('each SDK', () => {
  it('finishes its first sync without an error', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    for (const client of [alice, bob]) {
      expect(client.errors).toEqual([])
      expect(client.events.count('OnSyncServerFailed'), client.events.describe()).toBe(0)
      expect(client.events.count('OnConnectFailed'), client.events.describe()).toBe(0)
    }
    expect(await alice.conversations()).toEqual([])
    expect(await bob.conversations()).toEqual([])
  })

  it('exchanges texts, and each text arrives once with its content, sender and the next seq', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)

    const sent = await alice.sendText(bobID, 'good morning, bob ☕')
    const arrived = await received(bob, 'good morning, bob ☕')
    expect(arrived).toMatchObject({
      sendID: aliceID,
      recvID: bobID,
      senderNickname: nicknameOf(aliceID),
      contentType: 101,
      sessionType: 1,
      seq: 1,
      clientMsgID: sent.clientMsgID,
      serverMsgID: sent.serverMsgID,
      sendTime: sent.sendTime,
    })
    expect(sent.serverMsgID).not.toBe('')

    const answer = await bob.sendText(aliceID, 'good morning, alice')
    expect(await received(alice, 'good morning, alice')).toMatchObject({
      sendID: bobID,
      recvID: aliceID,
      seq: 2,
      clientMsgID: answer.clientMsgID,
      serverMsgID: answer.serverMsgID,
      sendTime: answer.sendTime,
    })

    await alice.sendText(bobID, 'how are you?')
    await bob.sendText(aliceID, 'fine, and you?')
    await received(bob, 'how are you?')
    await received(alice, 'fine, and you?')
    const texts = ['good morning, bob ☕', 'good morning, alice', 'how are you?', 'fine, and you?']
    for (const [client, peer] of [
      [alice, bobID],
      [bob, aliceID],
    ] as const) {
      const history = await wholeHistory(client, peer, texts.length)
      expect(history.map(({ text }) => text)).toEqual(texts)
      expect(history.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
      expect(client.errors).toEqual([])
    }
    // The sender's own connection gets the push as well: the SDK must recognise it and not report it as new.
    expect(textsShownTo(alice)).toEqual(['good morning, alice', 'fine, and you?'])
    expect(textsShownTo(bob)).toEqual(['good morning, bob ☕', 'how are you?'])
  })

  it('lists the conversation from the first message on', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    await alice.sendText(bobID, 'hello')
    await received(bob, 'hello')
    await bob.waitFor('OnNewConversation')

    const conversationID = chatIDOf(aliceID, bobID)
    await expectChats(alice, [
      { conversationID, conversationType: 1, userID: bobID, showName: nicknameOf(bobID), latestText: 'hello' },
    ])
    await expectChats(bob, [
      { conversationID, userID: aliceID, showName: nicknameOf(aliceID), unreadCount: 1, latestText: 'hello' },
    ])

    // Devices that connect later get the conversation from the server.
    const laterAlice = await scene.js(aliceID, { platformID: PLATFORM.android })
    const laterBob = await scene.wasm(bobID, { platformID: PLATFORM.linux })
    await expectChats(laterAlice, [{ conversationID, userID: bobID, unreadCount: 0 }])
    await expectChats(laterBob, [{ conversationID, userID: aliceID, latestText: 'hello' }])
    for (const client of [alice, bob, laterAlice, laterBob]) expect(client.errors).toEqual([])
  })

  it('receives a message on every device of its sender and its receiver', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const alicesPhone = await scene.js(aliceID, { platformID: PLATFORM.android })
    const bob = await scene.wasm(bobID)
    const bobsPhone = await scene.js(bobID, { platformID: PLATFORM.ios })

    const sent = await alice.sendText(bobID, 'to all of us')
    for (const device of [alicesPhone, bob, bobsPhone]) {
      expect(await received(device, 'to all of us')).toMatchObject({
        sendID: aliceID,
        recvID: bobID,
        seq: 1,
        clientMsgID: sent.clientMsgID,
        serverMsgID: sent.serverMsgID,
      })
    }
    const answer = await bob.sendText(aliceID, 'got it on the web')
    for (const device of [alice, alicesPhone, bobsPhone]) {
      expect(await received(device, 'got it on the web')).toMatchObject({ seq: 2, clientMsgID: answer.clientMsgID })
    }
    expect(textsShownTo(alice)).toEqual(['got it on the web'])
    expect(textsShownTo(bob)).toEqual(['to all of us'])
  })

  it('shows a message once when users send the message to themselves', async () => {
    const [aliceID] = await scene.users('alice')
    const alice = await scene.wasm(aliceID)
    await alice.sendText(aliceID, 'buy milk')
    expect((await wholeHistory(alice, aliceID, 1)).map(({ text }) => text)).toEqual(['buy milk'])
    expect(alice.errors).toEqual([])
  })
})

describe('the gateway', () => {
  it.each(['/', '/ws', '/msg_gateway'])('answers at %s', async (path) => {
    const [aliceID] = await scene.users('alice')
    const alice = await scene.raw(aliceID, { path })
    expect(await alice.newestSeqs()).toEqual({})
  })

  it('serves the JS SDK with REST under /api and the socket at /msg_gateway', async () => {
    const [aliceID] = await scene.users('alice')
    const { url, wsUrl } = scene.server
    const proxied = { url: `${url}/api`, wsUrl: `${wsUrl}/msg_gateway` }
    const alice = await scene.js(aliceID, { server: proxied })
    expect(alice.errors).toEqual([])
  })

  it.each(['json', 'gob', 'gob+gzip'] as const)(
    'passes messages from and to a client that speaks %s',
    async (dialect) => {
      const [aliceID, bobID] = await scene.users('alice', 'bob')
      const alice = await scene.raw(aliceID, { dialect })
      const bob = await scene.raw(bobID)
      await alice.deliverText(bobID, 'over')
      await bob.received('over')
      await bob.deliverText(aliceID, 'and back')
      expect(await alice.received('and back')).toMatchObject({ sendID: bobID, seq: 2 })
    },
  )

  it('sends no handshake message to a client that does not request one', async () => {
    const [aliceID] = await scene.users('alice')
    const token = await scene.token(aliceID, PLATFORM.ios)
    const alice = new RawClient({
      server: scene.server,
      userID: aliceID,
      token,
      platformID: PLATFORM.ios,
      dialect: 'gob+gzip',
      query: { isMsgResp: null },
    })
    await alice.opened
    await alice.newestSeqs()
    expect(alice.frames.all.filter((frame) => !frame.binary)).toEqual([])
    await alice.goodbye()
  })
})

function textsShownTo(client: Client): string[] {
  return receivedBy(client).map(({ text }) => text)
}
