import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Callbacks } from './rig/callbacks.ts'
import { type Client, received } from './rig/client.ts'
import { createGroup, sayTo } from './rig/groups.ts'
import { PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'
import { WasmClient } from './rig/wasm-client.ts'

const scene = useScene({ browser: true })

describe.each(SDKS)('the friend list of alice on %s and bob on the other SDK', (sdk) => {
  let alice: Client
  let alicesPhone: Client
  let bob: Client
  let bobsPhone: Client
  let carol: Client
  let callbacks: Callbacks<'alice' | 'alicesPhone' | 'bob' | 'bobsPhone' | 'carol'>

  beforeAll(async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const keepLoggedIn = { keepLoggedIn: true }
    const phone = { ...keepLoggedIn, platformID: PLATFORM.android }
    ;[alice, alicesPhone, bob, bobsPhone, carol] = await Promise.all([
      scene.device(sdk, aliceID, keepLoggedIn),
      scene.device(otherThan(sdk), aliceID, phone),
      scene.device(otherThan(sdk), bobID, keepLoggedIn),
      scene.device(sdk, bobID, phone),
      scene.device(sdk, carolID, keepLoggedIn),
    ])
    callbacks = new Callbacks(scene, { alice, alicesPhone, bob, bobsPhone, carol })
  })

  /** All devices of Alice and Bob get these callbacks. */
  const toBoth = (words: string[]) => ({ alice: words, alicesPhone: words, bob: words, bobsPhone: words })

  const asks = () =>
    callbacks.during(
      () => alice.call('addFriend', { toUserID: bob.userID, reqMsg: 'it is me' }),
      toBoth(['OnFriendApplicationAdded alice bob']),
    )

  it('stays empty when bob declines the request of alice, and carol gets no callback', async () => {
    await asks()
    await callbacks.during(
      () => bob.call('refuseFriendApplication', { toUserID: alice.userID, handleMsg: 'who?' }),
      toBoth(['OnFriendApplicationRejected alice bob']),
    )
    for (const device of [alice, bob]) await expectFriends(device, [])
  })

  it('contains the other user when bob accepts the request', async () => {
    await asks()
    // The JS SDK does not sync its friends on this notification, but on the next change of the list.
    const accepted = 'OnFriendApplicationAccepted alice bob'
    await callbacks.during(
      () => bob.call('acceptFriendApplication', { toUserID: alice.userID, handleMsg: 'oh, you' }),
      {
        alice: [accepted, 'wasm: OnFriendAdded bob'],
        alicesPhone: [accepted, 'wasm: OnFriendAdded bob'],
        bob: [accepted, 'OnFriendAdded alice'],
        bobsPhone: [accepted, 'wasm: OnFriendAdded alice'],
      },
    )
    for (const device of [alice, alicesPhone]) await expectFriends(device, [[bob.userID, '']])
    for (const device of [bob, bobsPhone]) await expectFriends(device, [[alice.userID, '']])
    await expectFriends(carol, [])
  })

  it('keeps the remark of alice when bob changes his name', async () => {
    await callbacks.during(
      () => alice.call('updateFriends', { friendUserIDs: [bob.userID], remark: 'my Bob', isPinned: true, ex: 'x' }),
      { alice: ['OnFriendInfoChanged bob'], alicesPhone: ['OnFriendInfoChanged bob'] },
    )
    await callbacks.during(() => bob.call('setSelfInfo', { nickname: 'Robert' }), {
      alice: ['OnFriendInfoChanged bob'],
      alicesPhone: ['OnFriendInfoChanged bob'],
      bobsPhone: bobsPhone instanceof WasmClient ? [] : ['OnFriendAdded alice'],
    })
    for (const device of [alice, alicesPhone]) await expectFriends(device, [[bob.userID, 'my Bob']])
  })

  it('stops messages of a blocked user, but not in a group of both users', async () => {
    const blocked = { alice: ['OnBlackAdded bob'], alicesPhone: ['OnBlackAdded bob'] }
    // The JS SDK of the blocked user takes the notification for its own and reports an empty entry.
    await callbacks.during(() => alice.call('addBlack', { toUserID: bob.userID, ex: '' }), {
      ...blocked,
      bob: ['js: OnBlackAdded'],
      bobsPhone: ['js: OnBlackAdded'],
    })
    for (const device of [alice, alicesPhone]) await expectBlacks(device, [bob.userID])
    await expectBlacks(bob, [])
    await expect(bob.sendText(alice.userID, 'hey')).rejects.toThrow(/1302|BlockedByPeer|not sent/i)
    await alice.sendText(bob.userID, 'you cannot answer')
    await received(bob, 'you cannot answer')
    const groupID = await createGroup(carol, { members: [alice.userID, bob.userID] })
    for (const device of [alice, alicesPhone, bob, bobsPhone, carol]) {
      await device.waitFor('OnJoinedGroupAdded', ({ data }) => JSON.stringify(data).includes(groupID))
    }
    await sayTo(bob, groupID, 'hello in the group')
    await received(alice, 'hello in the group')

    await callbacks.during(() => alice.call('removeBlack', bob.userID), {
      alice: ['OnBlackDeleted bob', 'js: OnBlackDeleted'],
      alicesPhone: ['OnBlackDeleted bob'],
      bob: ['js: OnBlackDeleted bob'],
      bobsPhone: ['js: OnBlackDeleted bob'],
    })
    await expectBlacks(alice, [])
    await bob.sendText(alice.userID, 'at last')
    await received(alice, 'at last')
  })

  it('changes without a callback at alice when bob blocks carol', async () => {
    await callbacks.during(() => bob.call('addBlack', { toUserID: carol.userID, ex: '' }), {
      bob: ['OnBlackAdded carol'],
      bobsPhone: ['OnBlackAdded carol'],
      carol: ['js: OnBlackAdded'],
    })
    await expect(carol.sendText(bob.userID, 'hey')).rejects.toThrow()
    await callbacks.during(() => bob.call('removeBlack', carol.userID), {
      bob: ['OnBlackDeleted carol', 'js: OnBlackDeleted'],
      bobsPhone: ['OnBlackDeleted carol'],
      carol: ['js: OnBlackDeleted carol'],
    })
  })

  it('loses bob for alice, and keeps alice for bob, when alice deletes bob', async () => {
    await callbacks.during(() => alice.call('deleteFriend', bob.userID), {
      alice: ['OnFriendDeleted bob'],
      alicesPhone: ['OnFriendDeleted bob'],
    })
    const [alicesPad, bobsPad] = await Promise.all([
      scene.device(otherThan(sdk), alice.userID, { platformID: PLATFORM.ipad }),
      scene.device(sdk, bob.userID, { platformID: PLATFORM.ipad }),
    ])
    for (const device of [alice, alicesPhone, alicesPad]) await expectFriends(device, [])
    for (const device of [bob, bobsPhone, bobsPad]) await expectFriends(device, [[alice.userID, '']])
  })

  it('shows a user on login the friend requests that arrived while the user was offline', async () => {
    const [erinID] = await scene.users('erin')
    for (const device of [alice, bob]) await device.call('addFriend', { toUserID: erinID, reqMsg: 'hello erin' })
    const erin = await scene.device(sdk, erinID)
    const askers = async () => {
      const asked = { handleResults: [], offset: 0, count: 100 }
      const requests = Requests.parse(await erin.call('getFriendApplicationListAsRecipient', asked))
      return requests.map(({ fromUserID }) => fromUserID).toSorted()
    }
    await expect.poll(askers).toEqual([alice.userID, bob.userID].toSorted())
    await erin.call('acceptFriendApplication', { toUserID: alice.userID, handleMsg: '' })
    await erin.call('refuseFriendApplication', { toUserID: bob.userID, handleMsg: '' })
    await alice.waitFor('OnFriendApplicationAccepted', ({ data }) => JSON.stringify(data).includes(erinID))
    await bob.waitFor('OnFriendApplicationRejected', ({ data }) => JSON.stringify(data).includes(erinID))
    await expectFriends(erin, [[alice.userID, '']])
    expect((await friendsAt(bob)).map(([userID]) => userID)).not.toContain(erinID)
  })
})

const Requests = z.array(z.object({ fromUserID: z.string() }))

/** Waits until the app lists these friends. */
async function expectFriends(client: Client, expected: [userID: string, remark: string][]): Promise<void> {
  await expect.poll(() => friendsAt(client), { message: client.userID }).toEqual(expected)
}

/** Waits until the app lists these blocked users. */
async function expectBlacks(client: Client, expected: string[]): Promise<void> {
  await expect.poll(() => blacksAt(client), { message: client.userID }).toEqual(expected)
}

/** The friends that the app lists, with their remarks. */
async function friendsAt(client: Client): Promise<[userID: string, remark: string][]> {
  const list = z
    .array(z.object({ userID: z.string(), remark: z.string() }))
    .parse(await client.call('getFriendListPage', { offset: 0, count: 100, filterBlack: false }))
  return list.map(({ userID, remark }) => [userID, remark])
}

async function blacksAt(client: Client): Promise<string[]> {
  const asked = client instanceof WasmClient ? [] : [{ offset: 0, count: 100 }]
  const list = z.array(z.object({ userID: z.string() })).parse(await client.call('getBlackList', ...asked))
  return list.map(({ userID }) => userID)
}
