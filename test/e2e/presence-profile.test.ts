import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectChat } from './rig/chats.ts'
import { type Client, received } from './rig/client.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

const OFFLINE = { status: 0, platformIDs: [] }

describe.each(SDKS)('alice on %s', (sdk) => {
  it('watches bob come and go, with all his platforms', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.device(sdk, aliceID)
    expect(await watch(alice, bobID)).toMatchObject([{ userID: bobID, ...OFFLINE }])

    const web = await scene.raw(bobID)
    await seen(alice, bobID, [PLATFORM.web])
    const phone = await scene.raw(bobID, { platformID: PLATFORM.android })
    await seen(alice, bobID, [PLATFORM.android, PLATFORM.web])
    await web.goodbye()
    await seen(alice, bobID, [PLATFORM.android])
    await phone.close()
    await seen(alice, bobID, [])
    await scene.device(otherThan(sdk), bobID, { platformID: PLATFORM.linux })
    await seen(alice, bobID, [PLATFORM.linux])
  })

  it('is told at once where those are whom she begins to watch', async () => {
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
    await expect.poll(() => watch(alice, bobID, carolID)).toEqual(expected)
    // The Go core forgets what it has subscribed to; only the JS SDK can list it.
    if (sdk !== 'client-sdk') return
    await expect.poll(async () => byUser(await alice.call('getSubscribeUsersStatus'))).toEqual(expected)
  })

  it('hears nothing more of bob once she has stopped watching him', async () => {
    const [aliceID, bobID, carolID, daveID] = await scene.users('alice', 'bob', 'carol', 'dave')
    // Unsubscribing with the ES5 build throws in the SDK when the answer is empty, as OpenIM's is.
    const alice = sdk === 'client-sdk' ? await scene.js(aliceID, { build: 'modern' }) : await scene.wasm(aliceID)
    const dave = await scene.js(daveID)
    await watch(alice, bobID, carolID)
    await watch(dave, bobID)
    const bob = await scene.raw(bobID)
    for (const device of [alice, dave]) await seen(device, bobID, [PLATFORM.web])
    await alice.call('unsubscribeUsersStatus', [bobID])
    const unwatched = alice.events.mark
    await bob.goodbye()
    // Dave's word and then Carol's coming are the signs that Bob's going would have been announced by now.
    await seen(dave, bobID, [])
    await scene.raw(carolID)
    await seen(alice, carolID, [PLATFORM.web])
    const about = States.parse(
      alice.events.all
        .slice(unwatched)
        .filter(isPresence)
        .map(({ data }) => data),
    )
    expect(about.map(({ userID }) => userID)).not.toContain(bobID)

    const { mark } = alice.events
    await watch(alice, bobID)
    await scene.raw(bobID)
    await alice.waitFor('OnUserStatusChanged', ({ data }) => isIn(data, bobID, [PLATFORM.web]), undefined, mark)
  })

  it('changes her profile, and her other device and those she writes to see it', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, other, bob] = await Promise.all([
      scene.device(sdk, aliceID),
      scene.device(otherThan(sdk), aliceID, { platformID: PLATFORM.linux }),
      scene.js(bobID),
    ])
    for (const device of [alice, other]) await knowsItself(device)
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
    // The JS SDK knows its own change by its operationID; the Go core tells of it once more.
    if (sdk === 'client-sdk') expect(alice.events.count('OnSelfInfoUpdated'), alice.events.describe()).toBe(1)
    const hers = await scene.device(sdk, aliceID, { platformID: PLATFORM.ipad })
    await expect.poll(() => hers.call('getSelfUserInfo')).toMatchObject({ userID: aliceID, ...profile })
  })
})

it('both of her devices watch on their own: one that stops leaves the other alone', async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  const [web, desk] = await Promise.all([
    scene.js(aliceID, { build: 'modern' }),
    scene.wasm(aliceID, { platformID: PLATFORM.linux }),
  ])
  await Promise.all([watch(web, bobID), watch(desk, bobID)])
  const bob = await scene.raw(bobID)
  for (const device of [web, desk]) await seen(device, bobID, [PLATFORM.web])
  await web.call('unsubscribeUsersStatus', [bobID])
  await bob.goodbye()
  await seen(desk, bobID, [])
  await desk.sendText(bobID, 'bye')
  await received(web, 'bye')
  expect(web.events.count('OnUserStatusChanged')).toBe(1)
})

it("a backend that changes alice's profile is noticed on all her devices", async () => {
  const [aliceID] = await scene.users('alice')
  const devices = await Promise.all([scene.js(aliceID), scene.wasm(aliceID, { platformID: PLATFORM.linux })])
  for (const device of devices) await knowsItself(device)
  const userInfo = { userID: aliceID, nickname: 'Renamed by the backend' }
  const token = await scene.rest.adminToken()
  expect(await scene.rest.post('/user/update_user_info_ex', { userInfo }, { token })).toMatchObject({ errCode: 0 })
  for (const device of devices) {
    await device.waitFor('OnSelfInfoUpdated')
    await expect.poll(() => device.call('getSelfUserInfo')).toMatchObject(userInfo)
  }
})

const State = z.object({ userID: z.string(), status: z.number(), platformIDs: z.array(z.number()).nullish() })
const States = z.array(State)

/** Offline comes as an empty list, null or nothing at all, and platforms in any order. */
function normal({ userID, status, platformIDs }: z.output<typeof State>) {
  return { userID, status, platformIDs: (platformIDs ?? []).toSorted((a, b) => a - b) }
}

function byUser(value: unknown) {
  return States.parse(value)
    .map(normal)
    .toSorted((a, b) => (a.userID < b.userID ? -1 : 1))
}

async function watch(client: Client, ...userIDs: string[]) {
  return byUser(await client.call('subscribeUsersStatus', userIDs))
}

/** The wasm SDK fetches its own profile when it says that it has synced; what is new by then is no change to it. */
async function knowsItself(client: Client): Promise<void> {
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

/** The app has been told that the user is on exactly these platforms now. */
async function seen(client: Client, userID: string, platformIDs: number[]): Promise<void> {
  await client.events.until(`${userID} on ${platformIDs}`, () => {
    const last = client.events.all.filter(isPresence).findLast(({ data }) => State.parse(data).userID === userID)
    return last && isIn(last.data, userID, platformIDs) ? last : null
  })
}
