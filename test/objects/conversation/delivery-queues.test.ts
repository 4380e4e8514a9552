import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  type DeliveryBatch,
  DeliveryQueues,
  nextBatch,
} from '../../../src/objects/conversation/delivery/delivery-queues.ts'
import { Undelivered } from '../../../src/objects/conversation/state/undelivered.ts'
import { createLog } from '../../../src/platform/observability/log.ts'
import { stampMessage } from '../../../src/protocol/push-messages.ts'
import { appendItem, bindings, conversation, Device, register, textMessage, until, user } from '../../rigs/rig.ts'

const batchOf = (seq: number, given: Partial<DeliveryBatch> & { bytes?: number } = {}): DeliveryBatch => ({
  conversationID: given.conversationID ?? 'si_a_b',
  ...(given.redelivered && { redelivered: true }),
  messages: [{ seq, sendTime: seq, sendID: 'a', operationID: '', msg: new Uint8Array(given.bytes ?? 10) }],
})

const seqsOf = (given: DeliveryBatch) => given.messages.map((message) => message.seq)

describe('DeliveryQueues', () => {
  it('merges waiting batches of one log into one call, in order', () => {
    const waiting = [batchOf(1), batchOf(2), batchOf(7, { conversationID: 'n_a_b' }), batchOf(3)]
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([1, 2])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([7])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([3])
  })

  it('starts a new call for a batch that carries more than messages', () => {
    const waiting = [batchOf(1), batchOf(2), batchOf(3)]
    const startsCall = ({ messages }: DeliveryBatch) => messages[0]?.seq === 2
    expect(seqsOf(nextBatch(waiting, startsCall))).toEqual([1])
    expect(seqsOf(nextBatch(waiting, startsCall))).toEqual([2, 3])
  })

  it('does not mix new and redelivered messages in one call', () => {
    const again = { redelivered: true }
    const waiting = [batchOf(1), batchOf(1, again), batchOf(2, again), batchOf(3)]
    const calls = [1, 2, 3].map(() => nextBatch(waiting, () => false))
    expect(calls.map((call) => [seqsOf(call), call.redelivered ?? false])).toEqual([
      [[1], false],
      [[1, 2], true],
      [[3], false],
    ])
  })

  it('keeps a call within its maximum size', () => {
    const waiting = [batchOf(1, { bytes: 300_000 }), batchOf(2, { bytes: 300_000 }), batchOf(3)]
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([1])
    expect(seqsOf(nextBatch(waiting, () => false))).toEqual([2, 3])
  })

  it('sends batches that were pushed in one turn in one call', async () => {
    const calls: number[][] = []
    const queues = new DeliveryQueues({
      deliver: async (_userID, sent) => void calls.push(seqsOf(sent)),
      startsCall: () => false,
      gaveUp: () => {},
      drained: () => {},
      log: createLog('error'),
    })
    for (const seq of [1, 2, 3]) queues.push('bob', batchOf(seq))
    await until(() => !queues.busy)
    expect(calls).toEqual([[1, 2, 3]])
  })

  it('makes one call at a time per receiver, retries a failed call, and gives up after the last try', async () => {
    const calls: number[][] = []
    const given: string[] = []
    let fails = 1
    const queues = new DeliveryQueues({
      async deliver(_userID, sent) {
        calls.push(seqsOf(sent))
        if (fails-- > 0) throw new Error('not now')
      },
      startsCall: () => false,
      gaveUp: (userID, batches) => given.push(`${userID} without ${batches.flatMap(seqsOf)}`),
      drained: (userID) => given.push(`${userID} has all`),
      log: { ...createLog('error'), error: () => {} },
    })
    queues.push('bob', batchOf(1))
    await until(() => calls.length === 1)
    queues.push('bob', batchOf(2))
    await until(() => !queues.busy)
    expect(calls).toEqual([[1], [1], [2]])
    fails = 99
    queues.push('bob', batchOf(3))
    queues.push('bob', batchOf(4))
    await until(() => !queues.busy)
    expect(given).toEqual(['bob has all', 'bob without 3,4'])
  })
})

describe('DeliveryQueues.lowestPending', () => {
  it('answers the lowest seq of a log that the receiver has not confirmed', async () => {
    let confirm = () => {}
    const queues = new DeliveryQueues<DeliveryBatch>({
      deliver: () => new Promise<void>((resolve) => (confirm = resolve)),
      startsCall: () => false,
      gaveUp: () => {},
      drained: () => {},
      log: createLog('error'),
    })
    queues.push('bob', batchOf(4))
    await Promise.resolve()
    queues.push('bob', batchOf(2, { conversationID: 'n_a_b' }))
    queues.push('bob', batchOf(5))
    await until(() => queues.busy)
    expect(queues.lowestPending('bob', 'si_a_b')).toBe(4)
    expect(queues.lowestPending('bob', 'n_a_b')).toBe(2)
    expect(queues.lowestPending('carol', 'si_a_b')).toBeNull()
    for (let call = 0; call < 3; call++) {
      confirm()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(queues.lowestPending('bob', 'si_a_b')).toBeNull()
  })
})

describe('a member who could not be reached', () => {
  it('gets the undelivered messages at the alarm, however old they are, and is no longer undelivered', async () => {
    await register('anna', 'bert')
    const chat = conversation('si_anna_bert')
    // A stub fails after its object was aborted, so each use gets a new one.
    const stub = () => bindings.CONVERSATION.getByName('si_anna_bert')
    await chat.append([appendItem({ sendID: 'anna', recvID: 'bert', clientMsgID: 'first' })])
    await expect.poll(() => user('bert').newestSeqs()).toEqual({ si_anna_bert: 1 })
    await runDurableObjectAlarm(stub())
    // The state ten minutes after bert's object failed: the message is in the log, and bert is noted as undelivered.
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
    const rows = () =>
      runInDurableObject(stub(), (_object, state) => state.storage.sql.exec('SELECT * FROM undelivered').toArray())
    await until(async () => (await rows()).length === 0)
  })

  it('gets the undelivered message before the next message', async () => {
    await register('ulla', 'vito')
    const vito = await Device.connect('vito')
    const inVito = (statement: string) =>
      runInDurableObject(bindings.USER.getByName('vito'), (_object, { storage: { sql } }) => {
        sql.exec(statement)
      })
    await inVito("CREATE TRIGGER broken BEFORE INSERT ON log_mark BEGIN SELECT RAISE(ABORT, 'broken'); END")
    const say = (clientMsgID: string) =>
      conversation('si_ulla_vito').append([appendItem({ sendID: 'ulla', recvID: 'vito', clientMsgID })])
    const undeliveredRows = () =>
      runInDurableObject(bindings.CONVERSATION.getByName('si_ulla_vito'), (_object, { storage: { sql } }) =>
        sql.exec('SELECT * FROM undelivered').toArray(),
      )
    await say('undelivered')
    await until(async () => (await undeliveredRows()).length === 1)
    await inVito('DROP TRIGGER broken')
    await say('next')
    await until(() => vito.received().length >= 2)
    await until(async () => (await undeliveredRows()).length === 0)
    expect(vito.received().map(({ msg }) => Number(msg.seq))).toEqual([1, 2])
    vito.close()
  })

  it('is retried after a growing pause', async () => {
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
