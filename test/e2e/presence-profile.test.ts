import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectChat } from './rig/chats.ts'
import { type Client, received } from './rig/client.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

const OFFLINE = { status: 0, platformIDs: [] }

describe.each(SDKS)('presence on %s', (sdk) => {
  it('reports each platform of a subscribed user that connects or disconnects', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.device(sdk, aliceID)
    expect(await subscribe(alice, bobID)).toMatchObject([{ userID: bobID, ...OFFLINE }])

    const web = await scene.raw(bobID)
    await expectPresence(alice, bobID, [PLATFORM.web])
    const phone = await scene.raw(bobID, { platformID: PLATFORM.android })
    await expectPresence(alice, bobID, [PLATFORM.android, PLATFORM.web])
    await web.goodbye()
    await expectPresence(alice, bobID, [PLATFORM.android])
    await phone.close()
    await expectPresence(alice, bobID, [])
    await scene.device(otherThan(sdk), bobID, { platformID: PLATFORM.linux })
    await expectPresence(alice, bobID, [PLATFORM.linux])
  })

  it('answers a subscription with the platforms of each user', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const [alice] = await Promise.all([
      scene.device(sdk, aliceID),
      scene.device(otherThan(sdk), bobID),
      scene.raw(bobID, { platformID: PLATFORM.ios }),
    ])
    const expected = [
      { userID: bobID, status: 1, platformIDs: [PLATFORM.ios, PLATFORM.web] },
      { userID: carolID, ...OFFLINE },
    ]
    await expect.poll(() => subscribe(alice, bobID, carolID)).toEqual(expected)
    // Only the JS SDK can list its subscriptions; the Go core does not keep them.
    if (sdk !== 'client-sdk') return
    await expect.poll(async () => byUser(await alice.call('getSubscribeUsersStatus'))).toEqual(expected)
  })

  it('reports no presence of a user after the subscription to the user ends', async () => {
    const [aliceID, bobID, carolID, daveID] = await scene.users('alice', 'bob', 'carol', 'dave')
    // The ES5 build throws when the answer to unsubscribing is empty, as OpenIM's is.
    const alice = sdk === 'client-sdk' ? await scene.js(aliceID, { build: 'modern' }) : await scene.wasm(aliceID)
    const dave = await scene.js(daveID)
    await subscribe(alice, bobID, carolID)
    await subscribe(dave, bobID)
    const bob = await scene.raw(bobID)
    for (const device of [alice, dave]) await expectPresence(device, bobID, [PLATFORM.web])
    await alice.call('unsubscribeUsersStatus', [bobID])
    const unsubscribed = alice.events.mark
    await bob.goodbye()
    // After Dave's notification and Carol's connect, a notification for Alice about Bob would have arrived too.
    await expectPresence(dave, bobID, [])
    await scene.raw(carolID)
    await expectPresence(alice, carolID, [PLATFORM.web])
    const about = States.parse(
      alice.events.all
        .slice(unsubscribed)
        .filter(isPresence)
        .map(({ data }) => data),
    )
    expect(about.map(({ userID }) => userID)).not.toContain(bobID)

    const { mark } = alice.events
    await subscribe(alice, bobID)
    await scene.raw(bobID)
    await alice.waitFor('OnUserStatusChanged', ({ data }) => isIn(data, bobID, [PLATFORM.web]), undefined, mark)
  })

  it('shows a user’s changed profile on the other device and to receivers of messages', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, other, bob] = await Promise.all([
      scene.device(sdk, aliceID),
      scene.device(otherThan(sdk), aliceID, { platformID: PLATFORM.linux }),
      scene.js(bobID),
    ])
    for (const device of [alice, other]) await untilProfileIsKnown(device)
    const profile = {
      nickname: 'Alice Liddell ✨',
      faceURL: 'https://faces.example/alice.png',
      ex: '{"mood":"curious"}',
    }
    await alice.call('setSelfInfo', profile)
    for (const device of [alice, other]) {
      const { data } = await device.waitFor('OnSelfInfoUpdated')
      expect(data).toMatchObject({ userID: aliceID, ...profile })
      await expect.poll(() => device.call('getSelfUserInfo')).toMatchObject({ userID: aliceID, ...profile })
    }
    expect(await bob.call('getUsersInfo', [aliceID])).toMatchObject([{ userID: aliceID, ...profile }])
    for (const device of [alice, other]) {
      await device.sendText(bobID, `from ${device.platformID}`)
      const { senderNickname, whole } = await received(bob, `from ${device.platformID}`)
      expect({ senderNickname, face: whole.senderFaceUrl }).toEqual({
        senderNickname: profile.nickname,
        face: profile.faceURL,
      })
    }
    const later = await scene.device(otherThan(sdk), bobID, { platformID: PLATFORM.ipad })
    await expectChat(later, aliceID, { showName: profile.nickname })
    // The JS SDK recognises its own change by its operationID; the Go core reports it a second time.
    if (sdk === 'client-sdk') expect(alice.events.count('OnSelfInfoUpdated'), alice.events.describe()).toBe(1)
    const hers = await scene.device(sdk, aliceID, { platformID: PLATFORM.ipad })
    await expect.poll(() => hers.call('getSelfUserInfo')).toMatchObject({ userID: aliceID, ...profile })
  })
})

describe('presence on both SDKs', () => {
  it('keeps the subscription of one device when another device unsubscribes', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [web, desk] = await Promise.all([
      scene.js(aliceID, { build: 'modern' }),
      scene.wasm(aliceID, { platformID: PLATFORM.linux }),
    ])
    await Promise.all([subscribe(web, bobID), subscribe(desk, bobID)])
    const bob = await scene.raw(bobID)
    for (const device of [web, desk]) await expectPresence(device, bobID, [PLATFORM.web])
    await web.call('unsubscribeUsersStatus', [bobID])
    await bob.goodbye()
    await expectPresence(desk, bobID, [])
    await desk.sendText(bobID, 'bye')
    await received(web, 'bye')
    expect(web.events.count('OnUserStatusChanged')).toBe(1)
  })

  it('shows a profile that a backend changed on all devices', async () => {
    const [aliceID] = await scene.users('alice')
    const devices = await Promise.all([scene.js(aliceID), scene.wasm(aliceID, { platformID: PLATFORM.linux })])
    for (const device of devices) await untilProfileIsKnown(device)
    const userInfo = { userID: aliceID, nickname: 'Renamed by the backend' }
    const token = await scene.rest.adminToken()
    expect(await scene.rest.post('/user/update_user_info_ex', { userInfo }, { token })).toMatchObject({ errCode: 0 })
    for (const device of devices) {
      await device.waitFor('OnSelfInfoUpdated')
      await expect.poll(() => device.call('getSelfUserInfo')).toMatchObject(userInfo)
    }
  })
})

const State = z.object({ userID: z.string(), status: z.number(), platformIDs: z.array(z.number()).nullish() })
const States = z.array(State)

/** Makes states comparable: the SDKs report offline as an empty list, null or no field, and platforms in any order. */
function normal({ userID, status, platformIDs }: z.output<typeof State>) {
  return { userID, status, platformIDs: (platformIDs ?? []).toSorted((a, b) => a - b) }
}

function byUser(value: unknown) {
  return States.parse(value)
    .map(normal)
    .toSorted((a, b) => (a.userID < b.userID ? -1 : 1))
}

async function subscribe(client: Client, ...userIDs: string[]) {
  return byUser(await client.call('subscribeUsersStatus', userIDs))
}

/** Waits until the SDK has its own profile. The wasm SDK fetches it after its sync and reports only later changes. */
async function untilProfileIsKnown(client: Client): Promise<void> {
  const nickname = nicknameOf(client.userID)
  await expect.poll(() => client.call('getSelfUserInfo')).toMatchObject({ nickname })
}

function isPresence({ event }: { event: string }): boolean {
  return event === 'OnUserStatusChanged'
}

function isIn(data: unknown, userID: string, platformIDs: number[]): boolean {
  const state = normal(State.parse(data))
  return state.userID === userID && JSON.stringify(state.platformIDs) === JSON.stringify(platformIDs)
}

/** Waits until the app is notified that the user is on exactly these platforms. */
async function expectPresence(client: Client, userID: string, platformIDs: number[]): Promise<void> {
  await client.events.until(`${userID} on ${platformIDs}`, () => {
    const last = client.events.all.filter(isPresence).findLast(({ data }) => State.parse(data).userID === userID)
    return last && isIn(last.data, userID, platformIDs) ? last : null
  })
}
