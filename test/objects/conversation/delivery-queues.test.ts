import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  type DeliveryBatch,
  DeliveryQueues,
  nextBatch,
} from '../../../src/objects/conversation/delivery/delivery-queues.ts'
import { Undelivered } from '../../../src/objects/conversation/delivery/undelivered.ts'
import { createLog } from '../../../src/platform/observability/log.ts'
import { stampMessage } from '../../../src/protocol/push-messages.ts'
import { appendItem, bindings, conversation, Device, register, textMessage, until, user } from '../../rigs/rig.ts'

const parcel = (seq: number, given: Partial<DeliveryBatch> & { bytes?: number } = {}): DeliveryBatch => ({
  conversationID: given.conversationID ?? 'si_a_b',
  ...(given.redelivered && { redelivered: true }),
  messages: [{ seq, sendTime: seq, sendID: 'a', operationID: '', msg: new Uint8Array(given.bytes ?? 10) }],
})

const seqsOf = (given: DeliveryBatch) => given.messages.map((message) => message.seq)

describe('a fan-out', () => {
  it('gathers what waits for a member into one call, in order, one log at a time', () => {
    const waiting = [parcel(1), parcel(2), parcel(7, { conversationID: 'n_a_b' }), parcel(3)]
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([1, 2])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([7])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([3])
  })

  it('begins a call of its own with what says more than its messages', () => {
    const waiting = [parcel(1), parcel(2), parcel(3)]
    const standsAlone = ({ messages }: DeliveryBatch) => messages[0]?.seq === 2
    expect(seqsOf(nextBatch(waiting, standsAlone))).toEqual([1])
    expect(seqsOf(nextBatch(waiting, standsAlone))).toEqual([2, 3])
  })

  it('never puts what the receiver may have and what is new into one call', () => {
    const again = { redelivered: true }
    const waiting = [parcel(1), parcel(1, again), parcel(2, again), parcel(3)]
    const calls = [1, 2, 3].map(() => nextBatch(waiting, () => false))
    expect(calls.map((call) => [seqsOf(call), call.redelivered ?? false])).toEqual([
      [[1], false],
      [[1, 2], true],
      [[3], false],
    ])
  })

  it('keeps a call within its size', () => {
    const waiting = [parcel(1, { bytes: 300_000 }), parcel(2, { bytes: 300_000 }), parcel(3)]
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([1])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([2, 3])
  })

  it('puts what is handed over in one turn into one call', async () => {
    const calls: number[][] = []
    const fanOut = new DeliveryQueues({
      deliver: async (_userID, sent) => void calls.push(seqsOf(sent)),
      standsAlone: () => false,
      gaveUp: () => {},
      drained: () => {},
      log: createLog('error'),
    })
    for (const seq of [1, 2, 3]) fanOut.push('bob', parcel(seq))
    await until(() => !fanOut.busy)
    expect(calls).toEqual([[1, 2, 3]])
  })

  it('has one call in flight per member, tries a failing one again, and gives up in the end', async () => {
    const calls: number[][] = []
    const given: string[] = []
    let fails = 1
    const fanOut = new DeliveryQueues({
      async deliver(_userID, sent) {
        calls.push(seqsOf(sent))
        if (fails-- > 0) throw new Error('not now')
      },
      standsAlone: () => false,
      gaveUp: (userID, parcels) => given.push(`${userID} without ${parcels.flatMap(seqsOf)}`),
      drained: (userID) => given.push(`${userID} has all`),
      log: { ...createLog('error'), error: () => {} },
    })
    fanOut.push('bob', parcel(1))
    await until(() => calls.length === 1)
    fanOut.push('bob', parcel(2))
    await until(() => !fanOut.busy)
    expect(calls).toEqual([[1], [1], [2]])
    fails = 99
    fanOut.push('bob', parcel(3))
    fanOut.push('bob', parcel(4))
    await until(() => !fanOut.busy)
    expect(given).toEqual(['bob has all', 'bob without 3,4'])
  })
})

describe('what is on its way', () => {
  it('is known by its lowest seq, log by log, until it is confirmed', async () => {
    let confirm = () => {}
    const fanOut = new DeliveryQueues<DeliveryBatch>({
      deliver: () => new Promise<void>((resolve) => (confirm = resolve)),
      standsAlone: () => false,
      gaveUp: () => {},
      drained: () => {},
      log: createLog('error'),
    })
    fanOut.push('bob', parcel(4))
    await Promise.resolve()
    fanOut.push('bob', parcel(2, { conversationID: 'n_a_b' }))
    fanOut.push('bob', parcel(5))
    await until(() => fanOut.busy)
    expect(fanOut.lowestPending('bob', 'si_a_b')).toBe(4)
    expect(fanOut.lowestPending('bob', 'n_a_b')).toBe(2)
    expect(fanOut.lowestPending('carol', 'si_a_b')).toBeNull()
    for (let call = 0; call < 3; call++) {
      confirm()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(fanOut.lowestPending('bob', 'si_a_b')).toBeNull()
  })
})

describe('a member who could not be reached', () => {
  it('gets what is owed when the alarm comes, however long ago it was, and then nothing is owed any more', async () => {
    await register('anna', 'bert')
    const chat = conversation('si_anna_bert')
    // A stub is of no use any more once its object was aborted.
    const stub = () => bindings.CONVERSATION.getByName('si_anna_bert')
    await chat.append([appendItem({ sendID: 'anna', recvID: 'bert', clientMsgID: 'first' })])
    await expect.poll(() => user('bert').newestSeqs()).toEqual({ si_anna_bert: 1 })
    await runDurableObjectAlarm(stub())
    // As if bert's object had failed ten minutes ago: the message is in the log, the debt is noted, nothing else.
    await runInDurableObject(stub(), async (_object, state) => {
      const longAgo = Date.now() - 600_000
      const stamp = { serverMsgID: 'server-second', sendTime: longAgo, seq: 2, status: 2 }
      const msg = stampMessage(textMessage('anna', 'bert', 'second', 'second'), stamp)
      state.storage.sql.exec("INSERT INTO chat VALUES (2, 'second', 'anna', 0, 0, ?)", msg)
      state.storage.sql.exec('UPDATE chat SET stored_time = ?', longAgo)
      state.storage.sql.exec('INSERT INTO undelivered VALUES (?, ?, 3)', 'bert', longAgo)
      await state.storage.setAlarm(Date.now() + 60_000)
    })
    await abortAllDurableObjects()
    const bert = await Device.connect('bert')
    await runDurableObjectAlarm(stub())
    await until(() => bert.received().length > 0)
    const left = () =>
      runInDurableObject(stub(), (_object, state) => state.storage.sql.exec('SELECT * FROM undelivered').toArray())
    await until(async () => (await left()).length === 0)
  })

  it('is given it when the next message gets through, however soon that is', async () => {
    await register('ulla', 'vito')
    const vito = await Device.connect('vito')
    const inVito = (statement: string) =>
      runInDurableObject(bindings.USER.getByName('vito'), (_object, { storage: { sql } }) => {
        sql.exec(statement)
      })
    await inVito("CREATE TRIGGER deaf BEFORE INSERT ON log_mark BEGIN SELECT RAISE(ABORT, 'deaf'); END")
    const say = (clientMsgID: string) =>
      conversation('si_ulla_vito').append([appendItem({ sendID: 'ulla', recvID: 'vito', clientMsgID })])
    const owed = () =>
      runInDurableObject(bindings.CONVERSATION.getByName('si_ulla_vito'), (_object, { storage: { sql } }) =>
        sql.exec('SELECT * FROM undelivered').toArray(),
      )
    await say('owed')
    await until(async () => (await owed()).length === 1)
    await inVito('DROP TRIGGER deaf')
    await say('next')
    await until(() => vito.received().length >= 2)
    await until(async () => (await owed()).length === 0)
    expect(
      vito
        .received()
        .map(({ msg }) => Number(msg.seq))
        .sort(),
    ).toEqual([1, 2])
    vito.close()
  })

  it('is tried again after a growing time', async () => {
    await runInDurableObject(bindings.CONVERSATION.getByName('si_x_y'), (_object, state) => {
      const undelivered = new Undelivered(state.storage.sql)
      expect(undelivered.retryAt(0)).toBeNull()
      undelivered.note('carol', 500)
      expect(undelivered.retryAt(0)).toBe(8_000)
      undelivered.note('carol', 900)
      expect(undelivered.all()).toEqual([{ userID: 'carol', since: 500, tries: 2 }])
      expect(undelivered.retryAt(0)).toBe(16_000)
      for (let i = 0; i < 20; i++) undelivered.note('carol', 900)
      expect(undelivered.retryAt(0)).toBe(3_600_000)
      undelivered.settle('carol')
      expect(new Undelivered(state.storage.sql).all()).toEqual([])
    })
  })
})
