import { describe, expect, it } from 'vitest'
import { expectChats } from './rig/chats.ts'
import { type Client, chatIDOf, type Message, received, receivedBy, wholeHistory } from './rig/client.ts'
import { PLATFORM } from './rig/rest.ts'
import { SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

describe('the history', () => {
  it.each(SDKS)('contains messages from before the first login, on %s', async (sdk) => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const texts = numbered('while you were away', 45)
    for (const text of texts) await alice.sendText(bobID, text)

    const bob = sdk === 'client-sdk' ? await scene.js(bobID) : await scene.wasm(bobID)
    await expectChats(bob, [
      { conversationID: chatIDOf(aliceID, bobID), userID: aliceID, unreadCount: 45, latestText: texts.at(-1) ?? '' },
    ])
    await expectWhole(bob, aliceID, texts)
    expect(bob.errors).toEqual([])
  })

  it('contains old and missed messages on a wasm device that reconnects', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    const early = numbered('early', 5)
    for (const text of early) await alice.sendText(bobID, text)
    await received(bob, 'early 5')
    await bob.goOffline()

    const missed = numbered('missed', 25)
    for (const text of missed) await alice.sendText(bobID, text)
    await scene.reopen(bob)
    await received(bob, 'missed 25')
    await expectWhole(bob, aliceID, [...early, ...missed])

    await alice.sendText(bobID, 'live again')
    await received(bob, 'live again')
    await expectWhole(bob, aliceID, [...early, ...missed, 'live again'])
    expectShownOnce(bob)
    expect(bob.errors).toEqual([])
  })

  it('is complete on a JS client that logs out and in again', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.js(bobID)
    await alice.sendText(bobID, 'one')
    await bob.sendText(aliceID, 'two')
    await received(alice, 'two')
    await bob.logout()
    await bob.close()

    await alice.sendText(bobID, 'three')
    const later = await scene.js(bobID)
    await expectWhole(later, aliceID, ['one', 'two', 'three'])
    // When Bob sent "two", "one" counted as read.
    await expectChats(later, [{ unreadCount: 1, latestText: 'three' }])
    expect(later.errors).toEqual([])
  })

  it('has the same order on a new wasm device', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    const texts: string[] = []
    for (let i = 1; i <= 12; i++) {
      texts.push(`question ${i}`, `answer ${i}`)
      await alice.sendText(bobID, `question ${i}`)
      await received(bob, `question ${i}`)
      await bob.sendText(aliceID, `answer ${i}`)
    }
    const bobsOther = await scene.wasm(bobID, { platformID: PLATFORM.linux })
    const history = await expectWhole(bobsOther, aliceID, texts)
    await expectWhole(bob, aliceID, texts)
    await expectWhole(alice, bobID, texts)
    expect(history.filter(({ sendID }) => sendID === bobID)).toHaveLength(12)
    for (const client of [alice, bob, bobsOther]) expect(client.errors).toEqual([])
  })

  it('has one order on every device when two users write at the same time', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    const mine = numbered('alice says', 15)
    const theirs = numbered('bob says', 15)
    await Promise.all([sendAll(alice, bobID, mine), sendAll(bob, aliceID, theirs)])
    await received(bob, 'alice says 15')
    await received(alice, 'bob says 15')

    const history = await wholeHistory(alice, bobID, 30)
    expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
    expect(textsFrom(history, aliceID)).toEqual(mine)
    expect(textsFrom(history, bobID)).toEqual(theirs)
    const onWeb = await wholeHistory(bob, aliceID, 30)
    expect(onWeb.map(({ clientMsgID }) => clientMsgID)).toEqual(history.map(({ clientMsgID }) => clientMsgID))
    // The wasm SDK sorts by time and not by seq, so two messages with equal times could swap.
    const times = onWeb.map(({ sendTime }) => sendTime)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
  })
})

async function sendAll(client: Client, to: string, texts: string[]): Promise<void> {
  for (const text of texts) await client.sendText(to, text)
}

function numbered(text: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${text} ${i + 1}`)
}

function textsFrom(history: Message[], sendID: string): string[] {
  return history.filter((message) => message.sendID === sendID).map(({ text }) => text)
}

/** Expects exactly these texts in this order, with seqs from 1 without a gap. */
async function expectWhole(client: Client, peer: string, texts: string[]): Promise<Message[]> {
  const history = await wholeHistory(client, peer, texts.length)
  expect(history.map(({ text }) => text)).toEqual(texts)
  expect(history.map(({ seq }) => seq)).toEqual(texts.map((_, i) => i + 1))
  return history
}

/** Expects that the SDK reported no message to its app twice. */
function expectShownOnce(client: Client): void {
  const shown = receivedBy(client).map(({ clientMsgID }) => clientMsgID)
  expect(shown).toEqual([...new Set(shown)])
}
