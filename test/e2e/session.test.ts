import { describe, expect, it } from 'vitest'
import { received, wholeHistory } from './rig/client.ts'
import { REQ } from './rig/raw-client.ts'
import { PLATFORM } from './rig/rest.ts'
import { SDKS, useScene } from './rig/scene.ts'
import { forgedToken } from './rig/tokens.ts'

const scene = useScene({ browser: true })

describe.each(SDKS)('a session of %s', (sdk) => {
  it('ends with its token when the user logs in on the same platform again', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const firstToken = await scene.rest.userToken(bobID, PLATFORM.web)
    const first = await scene.startLogin(sdk, bobID, firstToken)
    await first.waitFor('OnSyncServerFinish')

    const secondToken = await scene.newLogin(bobID, PLATFORM.web)
    const second = await scene.startLogin(sdk, bobID, secondToken)
    await first.waitFor('OnKickedOffline')
    await second.waitFor('OnSyncServerFinish')

    expect(await whoIs(bobID, firstToken)).toMatchObject({ errCode: 1506 })
    expect(await whoIs(bobID, secondToken)).toMatchObject({ errCode: 0 })
    await alice.sendText(bobID, 'which of you is it?')
    await received(second, 'which of you is it?')
    expect(second.events.count('OnKickedOffline')).toBe(0)
    expect(first.events.count('OnConnectSuccess')).toBe(1)
  })

  it('stays when the user logs in on another platform', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const web = await scene.startLogin(sdk, bobID, await scene.token(bobID, PLATFORM.web))
    const linux = await scene.startLogin(sdk, bobID, await scene.token(bobID, PLATFORM.linux), PLATFORM.linux)
    await web.waitFor('OnSyncServerFinish')
    await linux.waitFor('OnSyncServerFinish')
    await alice.sendText(bobID, 'to both')
    await received(web, 'to both')
    await received(linux, 'to both')
    expect(web.events.count('OnKickedOffline')).toBe(0)
  })

  it('raises OnUserTokenExpired when the token has expired', async () => {
    const [bobID] = await scene.users('bob')
    const expired = await forgedToken({ userID: bobID, platformID: PLATFORM.web, expiresInSeconds: -60 })
    const bob = await scene.startLogin(sdk, bobID, expired)
    await bob.waitFor('OnUserTokenExpired')
    expect(bob.events.count('OnConnectSuccess')).toBe(0)
  })

  it('raises OnUserTokenInvalid when the token is malformed, foreign, unknown or misplaced', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const platformID = PLATFORM.web
    const bad = {
      garbled: 'this.is.no-token',
      'of another service': await forgedToken({ userID: bobID, platformID, secret: 'somebody else’s secret' }),
      'never issued': await forgedToken({ userID: bobID, platformID }),
      "another user's": await scene.token(aliceID, platformID),
      'for another platform': await scene.token(bobID, PLATFORM.linux),
    }
    await Promise.all(
      Object.entries(bad).map(async ([what, token]) => {
        const bob = await scene.startLogin(sdk, bobID, token)
        await bob.waitFor('OnUserTokenInvalid')
        expect(bob.events.count('OnConnectSuccess'), what).toBe(0)
      }),
    )
  })

  it('ends with its socket, REST access and token at once when force_logout is called', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const token = await scene.token(bobID, PLATFORM.web)
    const bob = await scene.startLogin(sdk, bobID, token)
    await bob.waitFor('OnSyncServerFinish')
    const bobsDesk = await scene.js(bobID, { platformID: PLATFORM.linux })

    await scene.rest.forceLogout(bobID, PLATFORM.web)
    expect(await whoIs(bobID, token)).toMatchObject({ errCode: 1506 })
    await bob.waitFor('OnKickedOffline')
    await alice.sendText(bobID, 'are you still there?')
    await received(bobsDesk, 'are you still there?')
    expect(bob.events.all.some(({ data }) => JSON.stringify(data).includes('are you still there?'))).toBe(false)

    const again = await scene.startLogin(sdk, bobID, token)
    await again.waitFor('OnKickedOffline')
    expect(again.events.count('OnConnectSuccess')).toBe(0)
    expect(bobsDesk.events.count('OnKickedOffline')).toBe(0)
  })

  it('opens again with the same token after a logout', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const token = await scene.token(bobID, PLATFORM.web)
    const bob = await scene.startLogin(sdk, bobID, token)
    await bob.waitFor('OnSyncServerFinish')
    // The logout interrupts syncs in the background, which the wasm SDK logs as errors.
    await bob.logout()
    await alice.sendText(bobID, 'sleep well')

    const again = await scene.startLogin(sdk, bobID, token)
    await again.waitFor('OnSyncServerFinish')
    expect((await wholeHistory(again, aliceID, 1)).map(({ text }) => text)).toEqual(['sleep well'])
    expect(receivedAfterLogout(bob.events.all)).toEqual([])
  })
})

describe('a session', () => {
  it('is not ended by a second connection with the same token', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.raw(aliceID)
    const old = await scene.raw(bobID)
    const fresh = await scene.raw(bobID)
    await alice.deliverText(bobID, 'to whichever is alive')
    await fresh.received('to whichever is alive')
    await old.received('to whichever is alive')
  })

  it('answers the logout request (2003), then closes the socket, and the token stays valid', async () => {
    const [aliceID] = await scene.users('alice')
    const alice = await scene.raw(aliceID, { dialect: 'gob+gzip' })
    // DelUserPushTokenReq {userID, platformID}, as the wasm SDK sends it.
    const name = Buffer.from(aliceID)
    const data = Buffer.concat([Buffer.from([0x0a, name.length]), name, Buffer.from([0x10, PLATFORM.web])])
    expect(await alice.request(REQ.logout, data)).toMatchObject({ errCode: 0 })
    await alice.closed
    const again = await scene.raw(aliceID)
    expect(await again.newestSeqs()).toEqual({})
  })

  it('receives messages while the app is in the background, and after its return (request 2004)', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const bob = await scene.wasm(bobID)
    await bob.call('setAppBackgroundStatus', true)
    await alice.sendText(bobID, 'psst')
    await received(bob, 'psst')
    await bob.call('setAppBackgroundStatus', false)
    await alice.sendText(bobID, 'you are back')
    await received(bob, 'you are back')
    expect((await wholeHistory(bob, aliceID, 2)).map(({ seq }) => seq)).toEqual([1, 2])
    expect(bob.errors).toEqual([])
  })
})

function whoIs(userID: string, token: string) {
  return scene.rest.post('/user/get_users_info', { userIDs: [userID] }, { token })
}

function receivedAfterLogout(events: readonly { event: string; data: unknown }[]): string[] {
  return events.filter(({ event }) => event.includes('NewMessage')).map(({ data }) => JSON.stringify(data))
}
