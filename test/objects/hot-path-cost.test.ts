import { runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { Counters } from '../../bench/counting/counters.ts'
import { type Counts, noCounts } from '../../bench/counting/counts.ts'
import { instrumentBindings, instrumentObject, instrumentStorage } from '../../bench/counting/instrument.ts'
import { ConversationObject } from '../../src/objects/conversation/conversation-object.ts'
import { UserObject } from '../../src/objects/user/user-object.ts'
import {
  adminToken,
  appendItem,
  bindings,
  conversation,
  Device,
  post,
  register,
  until,
  user,
  userToken,
} from '../rigs/rig.ts'

/*
 * The cost of a message, in the units that Cloudflare bills (docs/cost.md). Counts are exact: a change that raises one
 * makes every message of every deployment more expensive, and a change that lowers one updates it here.
 */

const counters = new Counters()

beforeAll(async () => {
  instrumentObject(counters, { name: 'UserObject', prototype: UserObject.prototype })
  instrumentObject(counters, { name: 'ConversationObject', prototype: ConversationObject.prototype })
  instrumentBindings(counters, bindings)
  await runInDurableObject(bindings.USER.getByName('counted'), (_object, state) => instrumentStorage(counters, state))
})

/** Two users with a conversation: its first message writes rows that later messages do not write. */
async function withConversation(sender: string, receiver: string): Promise<{ from: Device; to: Device }> {
  await register(sender, receiver)
  const [from, to] = [await Device.connect(sender), await Device.connect(receiver)]
  await from.sendText(receiver, 'hello')
  await arrived([from, to], 1)
  return { from, to }
}

async function arrived(devices: Device[], count: number): Promise<void> {
  await Promise.all(devices.map((device) => device.receivedTexts(count)))
}

async function costOf(action: () => Promise<unknown>): Promise<Counts> {
  await untilNothingIsCounted()
  await action()
  return untilNothingIsCounted()
}

const QUIET_CHECKS = 4

/** Counts until several checks in a row found no new cost: an object may write after it has answered its caller. */
async function untilNothingIsCounted(): Promise<Counts> {
  const nothing = JSON.stringify(noCounts())
  let total = noCounts()
  for (let quiet = 0; quiet < QUIET_CHECKS; ) {
    const more = counters.take()
    quiet = JSON.stringify(more) === nothing ? quiet + 1 : 0
    total = sumOf(total, more)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return total
}

function sumOf(a: Counts, b: Counts): Counts {
  const calls = { ...a.calls }
  for (const [name, count] of Object.entries(b.calls)) calls[name] = (calls[name] ?? 0) + count
  const { calls: _, ...numbers } = a
  const names = Object.keys(numbers) as Exclude<keyof Counts, 'calls'>[]
  return { ...a, ...Object.fromEntries(names.map((name) => [name, a[name] + b[name]])), calls }
}

const cost = (given: Partial<Counts>): Counts => ({ ...noCounts(), ...given })

describe('the cost of a message in a known conversation', () => {
  it('is one row and two calls when the receiver is online', async () => {
    const { from, to } = await withConversation('ann', 'ben')
    const spent = await costOf(async () => {
      await from.sendText('ben', 'one')
      await arrived([from, to], 2)
    })
    expect(spent).toEqual(
      cost({
        calls: { 'ConversationObject.append': 1, 'UserObject.deliver': 1 },
        frames: 1,
        events: 3,
        rowsRead: 1,
        rowsWritten: 1,
      }),
    )
  })

  it('is one row and two calls for the first to an offline receiver, then one row and one call each', async () => {
    const { from, to } = await withConversation('cat', 'dan')
    to.close()
    await until(async () => (await user('dan').onlinePlatforms()).length === 0)
    const spent = await costOf(async () => {
      await from.sendText('dan', 'one')
      await arrived([from], 2)
    })
    expect(spent).toEqual(
      cost({
        calls: { 'ConversationObject.append': 1, 'UserObject.deliver': 1 },
        frames: 1,
        events: 3,
        rowsRead: 1,
        rowsWritten: 1,
      }),
    )
    const spentNext = await costOf(async () => {
      await from.sendText('dan', 'two')
      await arrived([from], 3)
    })
    expect(spentNext).toEqual(
      cost({ calls: { 'ConversationObject.append': 1 }, frames: 1, events: 2, rowsRead: 1, rowsWritten: 1 }),
    )
  })

  it('is one row each, and one append and one delivery, when several messages arrive together', async () => {
    const { to } = await withConversation('eve', 'fay')
    const items = Array.from({ length: 16 }, (_, i) =>
      appendItem({ sendID: 'eve', recvID: 'fay', clientMsgID: `message ${i}` }),
    )
    const spent = await costOf(async () => {
      await conversation('si_eve_fay').append(items)
      await arrived([to], 17)
    })
    expect(spent).toEqual(
      cost({
        calls: { 'ConversationObject.append': 1, 'UserObject.deliver': 1 },
        events: 2,
        rowsRead: 16,
        rowsWritten: 16,
      }),
    )
  })

  it('is one append without a row when the device sends the message again', async () => {
    const { from, to } = await withConversation('gus', 'hal')
    const spent = await costOf(async () => {
      await from.sendText('hal', 'hello')
      await arrived([from, to], 1)
    })
    expect(spent).toMatchObject({ rowsWritten: 0, calls: { 'ConversationObject.append': 1 } })
  })

  it('does not include a D1 query when an app server sends the message', async () => {
    const { from, to } = await withConversation('ida', 'jim')
    const token = await adminToken()
    const sent = { sendID: 'ida', recvID: 'jim', senderPlatformID: 5, sessionType: 1, contentType: 101 }
    const spent = await costOf(async () => {
      await post('/msg/send_msg', { ...sent, content: { content: 'one' } }, token)
      await arrived([to], 2)
    })
    expect(spent).toMatchObject({ d1Queries: 0, rowsWritten: 2, queueMessages: 0, alarmsSet: 0 })
    expect(spent.calls).toEqual({
      'UserObject.sessionState': 1,
      'ConversationObject.append': 1,
      'UserObject.deliver': 2,
    })
    for (const device of [from, to]) device.close()
    for (const userID of ['ida', 'jim']) await until(async () => (await user(userID).onlinePlatforms()).length === 0)
    const say = (text: string) => post('/msg/send_msg', { ...sent, content: { content: text } }, token)
    await say('two')
    const spentOffline = await costOf(() => say('three'))
    expect(spentOffline.calls).toEqual({ 'UserObject.sessionState': 1, 'ConversationObject.append': 1 })
  })
})

describe('the cost of a reconnect', () => {
  it('is one call per unread conversation at the connect, and none at the sync that follows', async () => {
    const { from, to } = await withConversation('mel', 'ned')
    const token = await userToken('ned')
    const reconnect = async () => (await Device.connect('ned', { token })).handshake()
    to.close()
    await until(async () => (await user('ned').onlinePlatforms()).length === 0)
    await from.sendText('ned', 'new message')
    await arrived([from], 2)
    const connected = await costOf(reconnect)
    expect(connected.calls).toEqual({ 'UserObject.fetch': 1, 'ConversationObject.state': 1 })
    // The one row clears the unread mark.
    expect(connected.rowsWritten).toBe(1)
    const synced = await costOf(() => user('ned').newestSeqs())
    expect(synced).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.newestSeqs': 1 } })
    const again = await costOf(reconnect)
    expect(again).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.fetch': 1 } })
  })

  it('is one call per unread conversation at a sync without a connect', async () => {
    const { from, to } = await withConversation('kay', 'lou')
    to.close()
    await until(async () => (await user('lou').onlinePlatforms()).length === 0)
    await user('lou').newestSeqs()
    await from.sendText('lou', 'new message')
    await arrived([from], 2)
    const connected = await costOf(() => user('lou').onlinePlatforms())
    expect(connected.rowsWritten).toBe(0)
    const synced = await costOf(() => user('lou').newestSeqs())
    expect(synced.calls).toEqual({ 'UserObject.newestSeqs': 1, 'ConversationObject.state': 1 })
    // The one row clears the unread mark.
    expect(synced.rowsWritten).toBe(1)
    const again = await costOf(() => user('lou').newestSeqs())
    expect(again).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.newestSeqs': 1 } })
  })
})
