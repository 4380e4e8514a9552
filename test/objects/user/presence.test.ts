import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { PresenceSubscriptions } from '../../../src/objects/user/notify/presence.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { SubUserOnlineStatus, SubUserOnlineStatusTips } from '../../../src/protocol/proto/index.ts'
import { bindings, Device, register, type SdkKind, until, user } from '../../rigs/rig.ts'

async function watch(device: Device, subscribeUserID: string[], unsubscribeUserID: string[] = []) {
  const data = SubUserOnlineStatus.encode({ subscribeUserID, unsubscribeUserID }).finish()
  return SubUserOnlineStatusTips.decode((await device.request(WsRequestID.SubUserOnlineStatus, data)).data).subscribers
}

describe.each(['js', 'go'] as SdkKind[])('presence over a %s socket', (kind) => {
  const [alice, bob] = [`alice_${kind}`, `bob_${kind}`]
  let alices: Device

  beforeAll(async () => {
    await register(alice, bob)
    alices = await Device.connect(alice, { kind })
  })

  it('is answered for every user asked, the absent ones too', async () => {
    expect(await watch(alices, [bob, alice, 'nobody'])).toEqual([
      { userID: bob, onlinePlatformIDs: [] },
      { userID: alice, onlinePlatformIDs: [5] },
      { userID: 'nobody', onlinePlatformIDs: [] },
    ])
  })

  it('is pushed when a watched user comes, adds a device and goes, also to a sleeping object', async () => {
    const phone = await Device.connect(bob, { kind, platformID: 2 })
    await until(() => alices.presence(bob)?.toString() === '2')
    await evictAllDurableObjects()
    const laptop = await Device.connect(bob, { kind, platformID: 3 })
    await until(() => alices.presence(bob)?.toString() === '2,3')
    phone.close()
    await until(() => alices.presence(bob)?.toString() === '3')
    laptop.close()
    await until(() => alices.presence(bob)?.length === 0)
    expect(await user(bob).onlinePlatforms()).toEqual([])
  })

  it('is no longer pushed to who stopped watching or hung up', async () => {
    await watch(alices, [], [bob])
    const seen = alices.statuses.length
    const other = await Device.connect(alice, { kind, platformID: 2 })
    await watch(other, [bob])
    other.close()
    await other.closed
    // A third device goes on watching: what it is told, the others would have been told by then.
    const witness = await Device.connect(alice, { kind, platformID: 3 })
    await watch(witness, [bob])
    const bobs = await Device.connect(bob, { kind })
    await until(() => witness.presence(bob)?.toString() === '5')
    await watch(alices, [])
    expect(alices.statuses.slice(seen).filter((status) => status.userID === bob)).toEqual([])
    bobs.close()
  })
})

it('asking again for whom it watches already counts nobody twice', async () => {
  await runInDurableObject(bindings.USER.getByName('asks_again'), (_object, state) => {
    const presence = new PresenceSubscriptions(state.storage.sql, user, false)
    const crowd = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `u${from + i}`)
    presence.subscribe('connection', crowd(2_000))
    presence.subscribe('connection', crowd(2_000))
    expect(() => presence.subscribe('connection', crowd(1_001, 2_000))).toThrow('at most 3000')
  })
})

it('a connection watches so many users and no more', async () => {
  await register('watcher')
  const device = await Device.connect('watcher')
  const crowd = Array.from({ length: 3_001 }, (_, i) => `u${i}`)
  const data = SubUserOnlineStatus.encode({ subscribeUserID: crowd, unsubscribeUserID: [] }).finish()
  expect((await device.request(WsRequestID.SubUserOnlineStatus, data)).errCode).toBe(1001)
})
