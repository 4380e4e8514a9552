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
 * What a message costs, in the units of the bill (docs/cost.md). Counts are exact: whoever makes one rise makes every
 * message of every deployment dearer, and whoever makes one fall writes the new one down here.
 */

const counters = new Counters()

beforeAll(async () => {
  instrumentObject(counters, { name: 'UserObject', prototype: UserObject.prototype })
  instrumentObject(counters, { name: 'ConversationObject', prototype: ConversationObject.prototype })
  instrumentBindings(counters, bindings)
  await runInDurableObject(bindings.USER.getByName('counted'), (_object, state) => instrumentStorage(counters, state))
})

/** Two users who have talked before: the first message of a conversation makes rows that no later one makes. */
async function acquainted(sender: string, receiver: string): Promise<{ from: Device; to: Device }> {
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

const QUIET_LOOKS = 4

/** An object answers its caller a moment after the frame has left, and may write after that: what is counted till the end. */
async function untilNothingIsCounted(): Promise<Counts> {
  const nothing = JSON.stringify(noCounts())
  let total = noCounts()
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
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

describe('a message in a conversation that goes on costs', () => {
  it('one row and two calls', async () => {
    const { from, to } = await acquainted('ann', 'ben')
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

  it('one row and two calls when the receiver is found away, and then one row and one call', async () => {
    const { from, to } = await acquainted('cat', 'dan')
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

  it('a row each, but one call to the conversation and one to the receiver, when several come together', async () => {
    const { to } = await acquainted('eve', 'fay')
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

  it('nothing for one that is sent again', async () => {
    const { from, to } = await acquainted('gus', 'hal')
    const spent = await costOf(async () => {
      await from.sendText('hal', 'hello')
      await arrived([from, to], 1)
    })
    expect(spent).toMatchObject({ rowsWritten: 0, calls: { 'ConversationObject.append': 1 } })
  })

  it('no query to D1 when a backend sends it', async () => {
    const { from, to } = await acquainted('ida', 'jim')
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
    const spentOnAbsent = await costOf(() => say('three'))
    expect(spentOnAbsent.calls).toEqual({ 'UserObject.sessionState': 1, 'ConversationObject.append': 1 })
  })
})

describe('a device that comes back costs', () => {
  it('at the connect a call for each conversation with news, and then its sync none', async () => {
    const { from, to } = await acquainted('mel', 'ned')
    const token = await userToken('ned')
    const comeBack = async () => (await Device.connect('ned', { token })).handshake()
    to.close()
    await until(async () => (await user('ned').onlinePlatforms()).length === 0)
    await from.sendText('ned', 'news')
    await arrived([from], 2)
    const connected = await costOf(comeBack)
    expect(connected.calls).toEqual({ 'UserObject.fetch': 1, 'ConversationObject.state': 1 })
    // The mark is lifted.
    expect(connected.rowsWritten).toBe(1)
    const synced = await costOf(() => user('ned').newestSeqs())
    expect(synced).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.newestSeqs': 1 } })
    const again = await costOf(comeBack)
    expect(again).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.fetch': 1 } })
  })

  it('no row, and a call for each conversation with news', async () => {
    const { from, to } = await acquainted('kay', 'lou')
    to.close()
    await until(async () => (await user('lou').onlinePlatforms()).length === 0)
    await user('lou').newestSeqs()
    await from.sendText('lou', 'news')
    await arrived([from], 2)
    const connected = await costOf(() => user('lou').onlinePlatforms())
    expect(connected.rowsWritten).toBe(0)
    const synced = await costOf(() => user('lou').newestSeqs())
    expect(synced.calls).toEqual({ 'UserObject.newestSeqs': 1, 'ConversationObject.state': 1 })
    // The mark is lifted.
    expect(synced.rowsWritten).toBe(1)
    const again = await costOf(() => user('lou').newestSeqs())
    expect(again).toMatchObject({ rowsWritten: 0, calls: { 'UserObject.newestSeqs': 1 } })
  })
})
