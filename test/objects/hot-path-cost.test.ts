import { runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { Counters } from '../../bench/counting/counters.ts'
import { type Counts, noCounts } from '../../bench/counting/counts.ts'
import { instrumentBindings, instrumentObject, instrumentStorage } from '../../bench/counting/instrument.ts'
import { announceImport } from '../../src/features/friend/import-friends.ts'
import { ConversationObject } from '../../src/objects/conversation/conversation-object.ts'
import { RelayObject } from '../../src/objects/relay/relay-object.ts'
import { UserObject } from '../../src/objects/user/user-object.ts'
import { createContext } from '../../src/runtime/context.ts'
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
  instrumentObject(counters, { name: 'RelayObject', prototype: RelayObject.prototype })
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

/** Registers users who have never connected. */
async function crowd(name: string, count: number): Promise<string[]> {
  const userIDs = Array.from({ length: count }, (_, i) => `${name}${i}`)
  await register(...userIDs)
  return userIDs
}

describe('the cost of many friends at once', () => {
  it('is no call of a conversation before the reply, and six calls a friend after it', async () => {
    const [ownerUserID = '', ...friendUserIDs] = await crowd('pal', 9)
    const token = await adminToken()
    let atReply = noCounts()
    const spent = await costOf(async () => {
      expect(await post('/friend/import_friend', { ownerUserID, friendUserIDs }, token)).toMatchObject({ errCode: 0 })
      atReply = counters.take()
      await until(async () => (await conversation(`si_${ownerUserID}_${friendUserIDs[7]}`).maxSeq()) === 1)
    })
    expect(atReply).toMatchObject({ calls: { 'UserObject.sessionState': 1 }, queueMessages: 1, rowsWritten: 0 })
    expect(spent.calls).toMatchObject({
      'ConversationObject.appendWithRelation': 8,
      'UserObject.memberSettings': 16,
      'UserObject.deliver': 16,
    })
    expect(spent.queueMessages).toBe(0)
  })

  it('is no second line in the chat when the job is repeated', async () => {
    const [ownerUserID = '', ...friendUserIDs] = await crowd('mate', 3)
    const imported = { ownerUserID, friendUserIDs, importID: 'import-1' }
    for (let i = 0; i < 2; i++) await announceImport(createContext(bindings, 'repeated'), imported)
    const homes = friendUserIDs.map((userID) => `si_${ownerUserID < userID ? `${ownerUserID}_${userID}` : ''}`)
    expect(await Promise.all(homes.map((home) => conversation(home).maxSeq()))).toEqual([1, 1])
    await announceImport(createContext(bindings, 'next'), { ...imported, importID: 'import-2' })
    expect(await Promise.all(homes.map((home) => conversation(home).maxSeq()))).toEqual([2, 2])
  })
})

/** The calls without the recovery alarms of earlier conversations. */
function withoutAlarms({ calls: { 'ConversationObject.alarm': _, ...calls } }: Counts): Counts['calls'] {
  return calls
}

describe('the cost of many new members', () => {
  const groupID = 'bulk'
  const call = async (path: string, body: object) => {
    expect(await post(path, { groupID, ...body }, await adminToken())).toMatchObject({ errCode: 0 })
  }
  const invite = (invitedUserIDs: string[]) => call('/group/invite_user_to_group', { invitedUserIDs })

  it('is one call of the object of each member who is offline, and one change for all of them', async () => {
    const [ownerUserID = '', ...memberUserIDs] = await crowd('first', 60)
    const group = { ownerUserID, memberUserIDs, groupInfo: { groupID, groupName: 'bulk', groupType: 2 } }
    const created = await costOf(() => call('/group/create_group', group))
    expect(withoutAlarms(created)).toEqual({
      'UserObject.sessionState': 1,
      'ConversationObject.changeGroup': 1,
      'UserObject.deliver': 60,
      'RelayObject.forward': 1,
    })
    const second = await crowd('second', 120)
    const invited = await costOf(() => invite(second))
    // Three notices name 50, 50 and 20 of them. The relay gets each in two logs, and then the newcomers.
    expect(invited.calls).toMatchObject({ 'ConversationObject.changeGroup': 1, 'UserObject.deliver': 120 })
    expect(invited.calls['RelayObject.forward']).toBeLessThanOrEqual(7)
    expect(invited.d1Queries).toBeLessThan(30)
  })

  it('does not grow with the group: the members who are offline cost nothing', async () => {
    const three = await crowd('third', 3)
    const invited = await costOf(() => invite(three))
    expect(withoutAlarms(invited)).toEqual({
      'UserObject.sessionState': 1,
      'ConversationObject.changeGroup': 1,
      'UserObject.deliver': 3,
      'RelayObject.forward': 3,
    })
    const item = appendItem({ sendID: 'first0', recvID: groupID, groupID, sessionType: 3, clientMsgID: 'to all' })
    const said = await costOf(() => conversation(`sg_${groupID}`).append([item]))
    expect(withoutAlarms(said)).toEqual({ 'ConversationObject.append': 1, 'RelayObject.forward': 1 })
  })
})
