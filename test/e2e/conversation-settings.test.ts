import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectChat, expectTexts, expectTotalUnread } from './rig/chats.ts'
import {
  type Client,
  type Conversation,
  chatIDOf,
  conversationFrom,
  conversationWith,
  received,
  wholeHistory,
} from './rig/client.ts'
import type { SdkEvent } from './rig/journal.ts'
import { PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** OpenIM's error text when the receiver refuses messages. */
const NOT_SENT = /message is not sent/

type Settings = Partial<Conversation>

/** Settings of a conversation. For most of them the wasm SDK has a function of its own. */
const SETTINGS: { what: string; settings: Settings; wasmCall?: [method: string, given: object] }[] = [
  { what: 'pins it', settings: { isPinned: true }, wasmCall: ['pinConversation', { isPinned: true }] },
  { what: 'mutes it', settings: { recvMsgOpt: 2 }, wasmCall: ['setConversationRecvMessageOpt', { opt: 2 }] },
  {
    what: 'stores `ex` with it',
    settings: { ex: '{"colour":"rot ❤"}' },
    wasmCall: ['setConversationEx', { ex: '{"colour":"rot ❤"}' }],
  },
  {
    what: 'lets messages burn after a minute',
    settings: { burnDuration: 60 },
    wasmCall: ['setConversationBurnDuration', { burnDuration: 60 }],
  },
  {
    what: 'deletes messages after a day',
    settings: { msgDestructTime: 86_400 },
    wasmCall: ['setConversationMsgDestructTime', { msgDestructTime: 86_400 }],
  },
  {
    what: 'switches the deletion on',
    settings: { isMsgDestruct: true },
    wasmCall: ['setConversationIsMsgDestruct', { isMsgDestruct: true }],
  },
  { what: 'sets several things at once', settings: { isPinned: false, recvMsgOpt: 0, ex: '' } },
]

describe.each(SDKS)('a conversation setting of %s', (sdk) => {
  let bob: Client
  let other: Client
  let aliceID: string

  beforeAll(async () => {
    const [alice, bobID] = await scene.users('alice', 'bob')
    aliceID = alice
    await (await scene.js(aliceID)).sendText(bobID, 'hello')
    bob = await scene.device(sdk, bobID, { keepLoggedIn: true })
    other = await scene.device(otherThan(sdk), bobID, { keepLoggedIn: true, platformID: PLATFORM.linux })
  })

  it.each(SETTINGS)('reaches the other device of a user who $what', async ({ settings, wasmCall }) => {
    const conversationID = chatIDOf(aliceID, bob.userID)
    const marks = [bob, other].map((device) => device.events.mark)
    const [method, given] = (sdk === 'wasm-client-sdk' && wasmCall) || ['setConversation', settings]
    await bob.call(method, { conversationID, ...given })
    for (const [i, device] of [bob, other].entries()) {
      await device.waitFor('OnConversationChanged', (event) => shows(event, settings), undefined, marks[i])
      await expectChat(device, aliceID, settings)
      expect(device.errors).toEqual([])
    }
  })

  it.each(SDKS)('is complete on a new device with %s', async (later) => {
    const [carolID] = await scene.users('carol')
    await (await scene.js(carolID)).sendText(bob.userID, 'hello')
    const conversationID = chatIDOf(carolID, bob.userID)
    await received(bob, 'hello')
    await conversationWith(bob, carolID)
    const all: Settings = {
      isPinned: true,
      recvMsgOpt: 2,
      ex: 'noted',
      burnDuration: 90,
      msgDestructTime: 3_600,
      isMsgDestruct: true,
    }
    await bob.call('setConversation', { conversationID, ...all })
    const device = await scene.device(later, bob.userID, { platformID: PLATFORM.ipad })
    await expectChat(device, carolID, all)
    // A pinned conversation comes first, although Alice's may be newer.
    await expect.poll(async () => (await device.conversations())[0]).toMatchObject({ conversationID, isPinned: true })
  })

  it('makes the service refuse messages of one sender, who gets an error', async () => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.device(otherThan(sdk), carolID)
    await carol.sendText(bob.userID, 'first')
    await received(bob, 'first')
    const conversationID = chatIDOf(carolID, bob.userID)
    await conversationWith(bob, carolID)
    await setAndWait(bob, conversationID, { recvMsgOpt: 1 })
    await expect(carol.sendText(bob.userID, 'unwanted')).rejects.toThrow(NOT_SENT)

    await setAndWait(bob, conversationID, { recvMsgOpt: 0 })
    await carol.sendText(bob.userID, 'welcome again')
    expect(await received(bob, 'welcome again')).toMatchObject({ seq: 2 })
    await expectTexts(bob, carolID, ['first', 'welcome again'])
  })

  it.each(['a stranger', 'a known user'])('stops the messages of %s when set in the profile', async (who) => {
    const [daveID, carolID] = await scene.users('dave', 'carol')
    const [dave, carol] = await Promise.all([scene.device(sdk, daveID), scene.device(otherThan(sdk), carolID)])
    if (who === 'a known user') await dave.sendText(carolID, 'hello')
    await dave.call('setSelfInfo', { globalRecvMsgOpt: 1 })
    await expect(carol.sendText(daveID, 'unwanted')).rejects.toThrow(NOT_SENT)
    await dave.call('setSelfInfo', { globalRecvMsgOpt: 0 })
    await carol.sendText(daveID, 'welcome again')
    await received(dave, 'welcome again')
    const first = who === 'a known user' ? ['hello'] : []
    await expectTexts(dave, carolID, [...first, 'welcome again'])
  })

  it('makes a chat private for both sides and all later messages', async () => {
    const [carolID, daveID] = await scene.users('carol', 'dave')
    const [carol, dave, davesDesk] = await Promise.all([
      scene.device(sdk, carolID),
      scene.device(otherThan(sdk), daveID),
      scene.js(daveID, { platformID: PLATFORM.linux }),
    ])
    await carol.sendText(daveID, 'in public')
    for (const device of [dave, davesDesk]) {
      await received(device, 'in public')
      await conversationWith(device, carolID)
    }
    await wholeHistory(carol, daveID, 1)
    const conversationID = chatIDOf(carolID, daveID)
    await setAndWait(carol, conversationID, { burnDuration: 45 })
    await setAndWait(carol, conversationID, { isPrivateChat: true })
    for (const device of [dave, davesDesk]) {
      await device.waitFor('OnConversationChanged', (event) => shows(event, { isPrivateChat: true }))
    }
    await expectChat(dave, carolID, { isPrivateChat: true })

    await carol.sendText(daveID, 'in private')
    for (const device of [dave, davesDesk]) {
      const { whole } = await received(device, 'in private')
      expect(whole.attachedInfoElem).toMatchObject({ isPrivateChat: true, burnDuration: 45 })
    }
    const notice = 1701
    for (const device of [carol, dave, davesDesk]) {
      const history = await wholeHistory(device, device.userID === carolID ? daveID : carolID, 3)
      expect(history.map(({ contentType }) => contentType)).toEqual([101, notice, 101])
    }
  })
})

describe('a conversation setting on wasm-client-sdk', () => {
  it('excludes a muted conversation from the total unread count, but not from messages', async () => {
    const [aliceID, carolID, bobID] = await scene.users('alice', 'carol', 'bob')
    const [alice, carol, bob] = await Promise.all([scene.raw(aliceID), scene.raw(carolID), scene.wasm(bobID)])
    await alice.deliverText(bobID, 'loud')
    await received(bob, 'loud')
    await setAndWait(bob, chatIDOf(aliceID, bobID), { recvMsgOpt: 2 })
    await alice.deliverText(bobID, 'silent')
    await carol.deliverText(bobID, 'heard')
    await received(bob, 'silent')
    await received(bob, 'heard')
    await expectTotalUnread(bob, 1)
    await expectChat(bob, aliceID, { unreadCount: 2 })
  })

  it('keeps a draft on its device', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const bob = await scene.wasm(bobID)
    await bob.sendText(aliceID, 'dear alice')
    const conversationID = chatIDOf(aliceID, bobID)
    await bob.call('setConversationDraft', { conversationID, draftText: 'what I meant to say' })
    await expectChat(bob, aliceID, { draftText: 'what I meant to say' })
    await bob.goOffline()
    await scene.reopen(bob)
    await expectChat(bob, aliceID, { draftText: 'what I meant to say' })
    const other = await scene.wasm(bobID, { platformID: PLATFORM.linux })
    await expectChat(other, aliceID, { draftText: '', latestText: 'dear alice' })
  })
})

const Changes = z.array(z.unknown())

/** Reports whether a conversation event carries these settings. */
function shows({ data }: SdkEvent, settings: Settings): boolean {
  return Changes.parse(data).some((value) => {
    const conversation = conversationFrom(value)
    return Object.entries(settings).every(([name, wanted]) => conversation[name as keyof Conversation] === wanted)
  })
}

async function setAndWait(client: Client, conversationID: string, settings: Settings): Promise<void> {
  const { mark } = client.events
  await client.call('setConversation', { conversationID, ...settings })
  await client.waitFor('OnConversationChanged', (event) => shows(event, settings), undefined, mark)
}
