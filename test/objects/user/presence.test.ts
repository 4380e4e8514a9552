import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { PresenceSubscriptions } from '../../../src/objects/user/state/presence-subscriptions.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { SubUserOnlineStatus, SubUserOnlineStatusTips } from '../../../src/protocol/proto/index.ts'
import { bindings, Device, register, type SdkKind, until, user } from '../../rigs/rig.ts'

async function subscribe(device: Device, subscribeUserID: string[], unsubscribeUserID: string[] = []) {
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

  it('is answered for every requested user, including offline users', async () => {
    expect(await subscribe(alices, [bob, alice, 'nobody'])).toEqual([
      { userID: bob, onlinePlatformIDs: [] },
      { userID: alice, onlinePlatformIDs: [5] },
      { userID: 'nobody', onlinePlatformIDs: [] },
    ])
  })

  it('is pushed when a user connects, adds a device and leaves, even to a hibernating object', async () => {
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

  it('is not pushed to a connection that unsubscribed or closed', async () => {
    await subscribe(alices, [], [bob])
    const seen = alices.statuses.length
    const other = await Device.connect(alice, { kind, platformID: 2 })
    await subscribe(other, [bob])
    other.close()
    await other.closed
    // A third device stays subscribed: when it gets a push, the other two would have got theirs, too.
    const witness = await Device.connect(alice, { kind, platformID: 3 })
    await subscribe(witness, [bob])
    const bobs = await Device.connect(bob, { kind })
    await until(() => witness.presence(bob)?.toString() === '5')
    await subscribe(alices, [])
    expect(alices.statuses.slice(seen).filter((status) => status.userID === bob)).toEqual([])
    bobs.close()
  })
})

describe('presence subscriptions', () => {
  it('are counted once per user when a connection subscribes again', async () => {
    await runInDurableObject(bindings.USER.getByName('subscribes_again'), (_object, state) => {
      const presence = new PresenceSubscriptions(state.storage.sql, user, false)
      const crowd = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `u${from + i}`)
      presence.subscribe('connection', crowd(2_000))
      presence.subscribe('connection', crowd(2_000))
      expect(() => presence.subscribe('connection', crowd(1_001, 2_000))).toThrow('at most 3000')
    })
  })

  it('are refused beyond 3,000 users per connection', async () => {
    await register('subscriber')
    const device = await Device.connect('subscriber')
    const crowd = Array.from({ length: 3_001 }, (_, i) => `u${i}`)
    const data = SubUserOnlineStatus.encode({ subscribeUserID: crowd, unsubscribeUserID: [] }).finish()
    expect((await device.request(WsRequestID.SubUserOnlineStatus, data)).errCode).toBe(1001)
  })
})
