import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectChat, expectTexts, expectTotalUnread } from './rig/chats.ts'
import { type Client, chatIDOf, inHistory, type Message, received, send, wholeHistory } from './rig/client.ts'
import { PLATFORM } from './rig/rest.ts'
import { deleteWithSync, otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** The content type of the notice that replaces a revoked message. */
const REVOKED = 2101
const TEXT = 101

describe.each(SDKS)('revoking, deleting and clearing on %s', (sdk) => {
  it('shows a notice in place of a revoked message on every device', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, alicesOther, bob, bobsDesk] = await Promise.all([
      scene.device(sdk, aliceID),
      scene.device(otherThan(sdk), aliceID, { platformID: PLATFORM.linux }),
      scene.js(bobID),
      scene.wasm(bobID, { platformID: PLATFORM.linux }),
    ])
    const second = await sayThree(alice, bobID)
    for (const device of [alicesOther, bob, bobsDesk]) await received(device, 'fine again')
    await revoke(alice, bobID, second)

    for (const device of [alice, alicesOther, bob, bobsDesk]) {
      const { data } = await device.waitFor('OnNewRecvMessageRevoked')
      expect(data).toMatchObject({
        clientMsgID: second.clientMsgID,
        revokerID: aliceID,
        sourceMessageSendID: aliceID,
        seq: 2,
      })
      const peer = device.userID === aliceID ? bobID : aliceID
      await expectRevoked(device, peer, aliceID)
    }
    for (const [later, peer] of [
      [await scene.device(sdk, bobID, { platformID: PLATFORM.ipad }), aliceID],
      [await scene.js(aliceID, { platformID: PLATFORM.ipad }), bobID],
    ] as const) {
      await expectRevoked(later, peer, aliceID)
    }
    for (const device of [alice, alicesOther, bob, bobsDesk]) {
      expect(device.errors).toEqual([])
      // The Go core reports its own revoke after the answer, and again when it gets the notification.
      if (device === alice && sdk === 'wasm-client-sdk') continue
      expect(device.events.count('OnNewRecvMessageRevoked'), device.events.describe()).toBe(1)
    }
  })

  it('shows the notice in the conversation list when the last message is revoked', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.device(sdk, aliceID), scene.wasm(bobID)])
    const sent = await alice.sendText(bobID, 'never mind')
    await received(bob, 'never mind')
    await revoke(alice, bobID, sent)
    await bob.waitFor('OnNewRecvMessageRevoked')
    const later = await scene.js(bobID, { platformID: PLATFORM.ipad })
    for (const device of [bob, later]) {
      await expectChat(device, aliceID, { latest: expect.objectContaining({ contentType: REVOKED, seq: 1 }) })
    }
  })

  it('refuses to revoke a message for its receiver', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.device(sdk, bobID)])
    await alice.deliverText(bobID, 'stays')
    await expect(revoke(bob, aliceID, await received(bob, 'stays'))).rejects.toThrow()
    const token = await scene.token(bobID, PLATFORM.web)
    const asked = { conversationID: chatIDOf(aliceID, bobID), seq: 1, userID: bobID }
    expect(await scene.rest.post('/msg/revoke_msg', asked, { token })).toMatchObject({ errCode: 1002 })
    await expectTexts(bob, aliceID, ['stays'])
  })

  it("removes deleted messages on the user's new devices, but not at the other user", async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.device(otherThan(sdk), aliceID), scene.device(sdk, bobID)])
    await sayAll(alice, bobID, ['one', 'two', 'three'])
    await received(bob, 'three')
    await bob.sendText(aliceID, 'four')
    await received(alice, 'four')
    const there = await wholeHistory(bob, aliceID, 4)
    const conversationID = chatIDOf(aliceID, bobID)
    for (const text of ['two', 'four']) {
      const clientMsgID = there.find((message) => message.text === text)?.clientMsgID
      await bob.call('deleteMessage', { conversationID, clientMsgID })
    }

    await expectTexts(bob, aliceID, ['one', 'three'])
    await expectChat(bob, aliceID, { latestText: 'three' })
    for (const later of SDKS) {
      const device = await scene.device(later, bobID, { platformID: PLATFORM.ipad })
      await expectChat(device, aliceID, { latestText: 'three' })
      await expectTexts(device, aliceID, ['one', 'three'])
      expect(device.errors).toEqual([])
    }
    expect(textsOf(await wholeHistory(alice, bobID, 4))).toEqual(['one', 'two', 'three', 'four'])
    const hers = await scene.js(aliceID, { platformID: PLATFORM.ipad })
    await expectTexts(hers, bobID, ['one', 'two', 'three', 'four'])
  })

  it("empties a cleared conversation on the user's new devices, but not at the other user", async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.raw(aliceID), scene.device(sdk, bobID)])
    for (const text of ['one', 'two', 'three']) await alice.deliverText(bobID, text)
    await received(bob, 'three')
    // The two SDKs have different names for this function.
    const clear = sdk === 'client-sdk' ? 'deleteConversationAndDeleteAllMsg' : 'clearConversationAndDeleteAllMsg'
    await bob.call(clear, chatIDOf(aliceID, bobID))

    const next = await scene.js(bobID, { platformID: PLATFORM.android })
    await expectTexts(next, aliceID, [])
    await expectTotalUnread(next, 0)
    await alice.deliverText(bobID, 'four')
    // The JS SDK counts a message twice when its sync has counted it already and its push comes later.
    await received(next, 'four')
    const later = await scene.device(otherThan(sdk), bobID, { platformID: PLATFORM.ipad })
    expect((await wholeHistory(later, aliceID, 1)).map(({ text, seq }) => [text, seq])).toEqual([['four', 4]])
    await expectTotalUnread(later, 1)
    expect(later.errors).toEqual([])
    expect((await alice.pullAll(bobID)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  })

  it('removes all messages of a user who deletes everything, and no message of other users', async () => {
    const [aliceID, carolID, bobID] = await scene.users('alice', 'carol', 'bob')
    const [alice, carol] = await Promise.all([scene.raw(aliceID), scene.raw(carolID)])
    await alice.deliverText(bobID, 'from alice')
    await carol.deliverText(bobID, 'from carol')
    const bob = await scene.device(sdk, bobID)
    await expectTotalUnread(bob, 2)
    await bob.call('deleteAllMsgFromLocalAndSvr')

    const later = await scene.device(otherThan(sdk), bobID, { platformID: PLATFORM.ipad })
    for (const peer of [aliceID, carolID]) await expectTexts(later, peer, [])
    await expectTotalUnread(later, 0)
    for (const peer of [alice, carol]) expect(await peer.pullAll(bobID)).toHaveLength(1)
  })
})

describe('revoking, deleting and clearing on both SDKs', () => {
  it('deletes messages at once on own devices, or on the devices of both users, when requested', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, desk] = await Promise.all([scene.wasm(aliceID), scene.wasm(bobID)])
    await sayAll(alice, bobID, ['one', 'two', 'three'])
    await received(desk, 'three')
    await wholeHistory(alice, bobID, 3)
    const conversationID = chatIDOf(aliceID, bobID)
    await deleteWithSync(scene, desk, '/msg/delete_msgs', { conversationID, seqs: [2] })
    await desk.waitFor('OnMsgDeleted')
    await expectTexts(desk, aliceID, ['one', 'three'])
    expect(textsOf(await alice.history(bobID))).toEqual(['one', 'two', 'three'])

    await deleteWithSync(scene, desk, '/msg/delete_msgs', { conversationID, seqs: [1] }, true)
    await alice.waitFor('OnMsgDeleted')
    await expectTexts(desk, aliceID, ['three'])
    await expectTexts(alice, bobID, ['two', 'three'])
    const later = await scene.js(aliceID, { platformID: PLATFORM.ipad })
    await expectTexts(later, bobID, ['two', 'three'])
  })

  it('clears a conversation at once on own devices, or on the devices of both users, when requested', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, desk] = await Promise.all([scene.wasm(aliceID), scene.wasm(bobID)])
    await sayAll(alice, bobID, ['one', 'two'])
    await received(desk, 'two')
    await wholeHistory(alice, bobID, 2)
    const conversationIDs = [chatIDOf(aliceID, bobID)]
    await deleteWithSync(scene, desk, '/msg/clear_conversation_msg', { conversationIDs })
    await expectTexts(desk, aliceID, [])
    expect(textsOf(await alice.history(bobID))).toEqual(['one', 'two'])
    await expectTotalUnread(desk, 0)

    await alice.sendText(bobID, 'three')
    await received(desk, 'three')
    await deleteWithSync(scene, desk, '/msg/clear_conversation_msg', { conversationIDs }, true)
    for (const [device, peer] of [
      [alice, bobID],
      [desk, aliceID],
    ] as const) {
      await expectTexts(device, peer, [])
    }
    await desk.sendText(aliceID, 'four')
    await received(alice, 'four')
    const later = await scene.js(aliceID, { platformID: PLATFORM.ipad })
    for (const device of [alice, later]) {
      expect((await wholeHistory(device, bobID, 1)).map(({ text, seq }) => [text, seq])).toEqual([['four', 4]])
    }
  })

  it('shows the notice on reconnect to a user who was offline during the revoke', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.js(aliceID), scene.wasm(bobID)])
    const second = await sayThree(alice, bobID)
    await received(bob, 'fine again')
    await wholeHistory(bob, aliceID, 3)
    await bob.goOffline()
    await revoke(alice, bobID, second)
    await scene.reopen(bob)
    const { data } = await bob.waitFor('OnNewRecvMessageRevoked')
    expect(data).toMatchObject({ clientMsgID: second.clientMsgID, revokerID: aliceID })
    await expectRevoked(bob, aliceID, aliceID)
    expect(bob.errors).toEqual([])
  })

  it('keeps the text of a quote, but removes the quoted message, when the quoted message is revoked', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.js(aliceID), scene.wasm(bobID)])
    const sent = await alice.sendText(bobID, 'my secret')
    const { whole } = await received(bob, 'my secret')
    const given = { text: 'really?', message: JSON.stringify(whole) }
    const quote = await send(bob, aliceID, 'createQuoteMessage', given)
    await alice.events.until('the quote', () => alice.events.all.find(({ data }) => hasID(data, quote.clientMsgID)))
    await revoke(alice, bobID, sent)
    await bob.waitFor('OnNewRecvMessageRevoked')

    const later = await Promise.all([
      scene.wasm(bobID, { platformID: PLATFORM.ipad }),
      scene.js(aliceID, { platformID: PLATFORM.ipad }),
    ])
    for (const device of [bob, ...later]) {
      const peer = device.userID === aliceID ? bobID : aliceID
      await wholeHistory(device, peer, 2)
      const shown = async () => (await inHistory(device, peer, quote.clientMsgID)).whole.quoteElem
      await expect.poll(shown).toMatchObject({ text: 'really?', quoteMessage: { contentType: REVOKED } })
      // The Go core keeps the quoted text in its local copy; the server no longer returns it.
      if (device !== bob) expect(JSON.stringify(await shown())).not.toContain('my secret')
    }
  })

  it('revokes a message once when two devices revoke the message at the same time', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, other, bob] = await Promise.all([
      scene.js(aliceID),
      scene.js(aliceID, { platformID: PLATFORM.linux }),
      scene.js(bobID),
    ])
    const sent = await alice.sendText(bobID, 'twice')
    await received(other, 'twice')
    await received(bob, 'twice')
    const results = await Promise.allSettled([revoke(alice, bobID, sent), revoke(other, bobID, sent)])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await bob.waitFor('OnNewRecvMessageRevoked')
    await alice.sendText(bobID, 'anyway')
    await received(bob, 'anyway')
    expect(bob.events.count('OnNewRecvMessageRevoked')).toBe(1)
  })
})

function textsOf(history: Message[]): string[] {
  return history.map(({ text }) => text)
}

async function sayAll(client: Client, to: string, texts: string[]): Promise<void> {
  for (const text of texts) await client.sendText(to, text)
}

/** Sends three messages and returns the second, which the test revokes. */
async function sayThree(client: Client, to: string): Promise<Message> {
  await client.sendText(to, 'fine')
  const second = await client.sendText(to, 'oops')
  await client.sendText(to, 'fine again')
  return second
}

/** Revokes a message once the client knows its seq, because the SDK sends the seq to the server. */
async function revoke(client: Client, peer: string, { clientMsgID }: Message): Promise<void> {
  await inHistory(client, peer, clientMsgID)
  await client.call('revokeMessage', { conversationID: chatIDOf(client.userID, peer), clientMsgID })
}

/** Waits until the chat shows three messages, the second of them revoked by that user. */
async function expectRevoked(client: Client, peer: string, revokerID: string): Promise<void> {
  const shown = async () => (await client.history(peer)).map(({ seq, contentType, text }) => [seq, contentType, text])
  await expect.poll(shown, { message: client.userID }).toEqual([
    [1, TEXT, 'fine'],
    [2, REVOKED, ''],
    [3, TEXT, 'fine again'],
  ])
  const history = await client.history(peer)
  const { detail } = z.object({ detail: z.string() }).parse(history[1]?.whole.notificationElem)
  expect(JSON.parse(detail)).toMatchObject({ revokerID, sourceMessageSendID: revokerID, seq: 2 })
}

function hasID(data: unknown, clientMsgID: string): boolean {
  return Array.isArray(data) && data.some((message) => message.clientMsgID === clientMsgID)
}
