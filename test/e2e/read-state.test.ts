import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectChat, expectTotalUnread } from './rig/chats.ts'
import { type Client, chatIDOf, received, wholeHistory } from './rig/client.ts'
import { PLATFORM } from './rig/rest.ts'
import { SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

describe.each(SDKS)('read state, with the reader on %s,', (sdk) => {
  it('is reported to all devices of the sender', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, alicesDesk, bob] = await Promise.all([
      scene.js(aliceID),
      scene.wasm(aliceID, { platformID: PLATFORM.linux }),
      scene.device(sdk, bobID),
    ])
    const sent = await sayAll(alice, bobID, ['one', 'two', 'three'])
    for (const device of [bob, alicesDesk]) await received(device, 'three')
    expect((await wholeHistory(alicesDesk, bobID, 3)).map(({ isRead }) => isRead)).toEqual([false, false, false])

    await markRead(bob, aliceID)
    for (const device of [alice, alicesDesk]) {
      const [receipt] = Receipts.parse((await device.waitFor('OnRecvC2CReadReceipt')).data)
      expect(receipt).toMatchObject({ userID: bobID, sessionType: 1 })
      expect(receipt?.msgIDList.toSorted()).toEqual(sent.toSorted())
    }
    // In messages it has shown already, the JS SDK marks only the newest one as read; the wasm SDK marks all.
    await expectRead(alicesDesk, bobID, [true, true, true])
    const later = await scene.js(aliceID, { platformID: PLATFORM.ipad })
    await expectRead(later, bobID, [true, true, true])
  })

  it('lowers the unread counts of read conversations on other and new devices of the reader', async () => {
    const [aliceID, carolID, bobID] = await scene.users('alice', 'carol', 'bob')
    const [alice, carol] = await Promise.all([scene.raw(aliceID), scene.raw(carolID)])
    for (const text of ['a1', 'a2']) await alice.deliverText(bobID, text)
    for (const text of ['c1', 'c2', 'c3']) await carol.deliverText(bobID, text)
    const [bob, desk] = await Promise.all([scene.device(sdk, bobID), scene.wasm(bobID, { platformID: PLATFORM.linux })])
    for (const device of [bob, desk]) await expectUnread(device, { [aliceID]: 2, [carolID]: 3 })

    await markRead(bob, aliceID)
    for (const device of [bob, desk]) {
      await device.waitFor('OnTotalUnreadMessageCountChanged', ({ data }) => data === 3)
      await expectUnread(device, { [aliceID]: 0, [carolID]: 3 })
    }
    for (const text of ['a3', 'a4']) await alice.deliverText(bobID, text)
    for (const device of [bob, desk]) {
      await device.waitFor('OnTotalUnreadMessageCountChanged', ({ data }) => data === 5)
      await expectUnread(device, { [aliceID]: 2, [carolID]: 3 })
    }
    await markRead(bob, aliceID)
    await markRead(bob, carolID)
    await desk.waitFor('OnTotalUnreadMessageCountChanged', ({ data }) => data === 0)
    for (const later of SDKS) {
      const device = await scene.device(later, bobID, { platformID: PLATFORM.ipad })
      await expectUnread(device, { [aliceID]: 0, [carolID]: 0 })
    }
  })

  it('covers all earlier messages when the reader answers', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.raw(aliceID)
    for (const text of ['one', 'two']) await alice.deliverText(bobID, text)
    const bob = await scene.device(sdk, bobID)
    await bob.sendText(aliceID, 'got both')
    await alice.deliverText(bobID, 'good')
    // The JS SDK counts a message twice when its sync has counted it already and its push comes later.
    await received(bob, 'good')
    await expectUnread(await scene.js(bobID, { platformID: PLATFORM.ipad }), { [aliceID]: 1 })
  })
})

describe('read state on both SDKs', () => {
  it('is reported on reconnect to a sender who was offline', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.wasm(aliceID), scene.js(bobID)])
    const sent = await sayAll(alice, bobID, ['one', 'two'])
    await received(bob, 'two')
    expect((await wholeHistory(alice, bobID, 2)).map(({ isRead }) => isRead)).toEqual([false, false])
    await alice.goOffline()

    await markRead(bob, aliceID)
    await scene.reopen(alice)
    const [receipt] = Receipts.parse((await alice.waitFor('OnRecvC2CReadReceipt')).data)
    expect(receipt?.msgIDList.toSorted()).toEqual(sent.toSorted())
    await expectRead(alice, bobID, [true, true])
    expect(alice.errors).toEqual([])
  })

  it('sets the unread count to zero on a device of the reader that was offline', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, desk] = await Promise.all([scene.js(aliceID), scene.wasm(bobID)])
    await sayAll(alice, bobID, ['one', 'two', 'three'])
    await desk.waitFor('OnTotalUnreadMessageCountChanged', ({ data }) => data === 3)
    await desk.goOffline()

    const phone = await scene.js(bobID, { platformID: PLATFORM.android })
    await markRead(phone, aliceID)
    await scene.reopen(desk)
    await expectUnread(desk, { [aliceID]: 0 })
    await alice.sendText(bobID, 'four')
    await received(desk, 'four')
    await expectUnread(desk, { [aliceID]: 1 })
  })

  it('is complete when two users read each other’s messages at the same time', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.wasm(aliceID), scene.wasm(bobID)])
    await Promise.all([sayAll(alice, bobID, ['a1', 'a2']), sayAll(bob, aliceID, ['b1', 'b2'])])
    await received(alice, 'b2')
    await received(bob, 'a2')
    // The Go core ignores a read receipt for a message of its own without a seq.
    await Promise.all([wholeHistory(alice, bobID, 4), wholeHistory(bob, aliceID, 4)])
    await Promise.all([markRead(alice, bobID), markRead(bob, aliceID)])
    for (const [client, peer] of [
      [alice, bobID],
      [bob, aliceID],
    ] as const) {
      await client.waitFor('OnRecvC2CReadReceipt')
      await expectUnread(client, { [peer]: 0 })
      await expectRead(client, peer, [true, true, true, true])
    }
  })
})

const Receipts = z.array(z.object({ userID: z.string(), sessionType: z.number(), msgIDList: z.array(z.string()) }))

/** Sends the texts one after the other and returns their IDs. */
async function sayAll(client: Client, to: string, texts: string[]): Promise<string[]> {
  const sent: string[] = []
  for (const text of texts) sent.push((await client.sendText(to, text)).clientMsgID)
  return sent
}

async function markRead(client: Client, peer: string): Promise<void> {
  await client.call('markConversationMessageAsRead', chatIDOf(client.userID, peer))
}

/** Waits until exactly these messages of the chat are marked as read. */
async function expectRead(client: Client, peer: string, expected: boolean[]): Promise<void> {
  const read = async () => (await client.history(peer)).map(({ isRead }) => isRead)
  await expect.poll(read, { message: client.userID }).toEqual(expected)
}

/** Waits until these conversations have these unread counts, and the total is their sum. */
async function expectUnread(client: Client, counts: Record<string, number>): Promise<void> {
  const sum = Object.values(counts).reduce((total, count) => total + count, 0)
  await expectTotalUnread(client, sum)
  for (const [peer, unreadCount] of Object.entries(counts)) await expectChat(client, peer, { unreadCount })
}
