import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { RECOVERY_DELAY_MS } from '../../../src/objects/conversation/delivery/recovery-alarm.ts'
import { stampMessage } from '../../../src/protocol/push-messages.ts'
import {
  appendItem,
  bindings,
  conversation,
  Device,
  register,
  textMessage,
  textOf,
  until,
  user,
} from '../../rigs/rig.ts'

/**
 * Leaves a conversation in the state of a crash between a commit and its deliveries: the messages and their alarm are
 * stored, and no member has got the messages.
 */
async function storeUndelivered(
  chat: string,
  ...messages: { sendID: string; recvID: string; text: string }[]
): Promise<void> {
  await runInDurableObject(bindings.CONVERSATION.getByName(chat), async (_object, state) => {
    const { sql } = state.storage
    const now = Date.now()
    for (const { sendID, recvID, text } of messages) {
      const { seq } = sql.exec<{ seq: number }>('SELECT coalesce(max(seq), 0) + 1 AS seq FROM chat').one()
      const stamp = { serverMsgID: `server-${text}`, sendTime: now, seq, status: 2 }
      const msg = stampMessage(textMessage(sendID, recvID, text, text), stamp)
      sql.exec('INSERT INTO chat VALUES (?, ?, ?, ?, ?, ?)', seq, text, sendID, now, now, msg)
    }
    await state.storage.setAlarm(now + RECOVERY_DELAY_MS)
  })
  await abortAllDurableObjects()
}

/** Waits until users know these seqs, so that no log of theirs is marked unread. */
async function seen(seqs: Record<string, number>, ...userIDs: string[]): Promise<void> {
  for (const userID of userIDs) await expect.poll(() => user(userID).newestSeqs()).toEqual(seqs)
}

describe('a message that was stored but not delivered when the object crashed', () => {
  it('is delivered at the recovery alarm', async () => {
    await register('anna', 'bert')
    await conversation('si_anna_bert').append([appendItem({ sendID: 'anna', recvID: 'bert', clientMsgID: 'first' })])
    await seen({ si_anna_bert: 1 }, 'bert')
    await storeUndelivered('si_anna_bert', { sendID: 'anna', recvID: 'bert', text: 'lost?' })
    const bert = await Device.connect('bert')
    expect(await runDurableObjectAlarm(bindings.CONVERSATION.getByName('si_anna_bert'))).toBe(true)
    await until(() => bert.received().some(({ msg }) => textOf(msg) === 'lost?'))
    expect(bert.received().find(({ msg }) => textOf(msg) === 'lost?')?.msg.seq).toBe(2)
  })

  it('is delivered when any call wakes the object, also to the sender', async () => {
    await register('carl', 'dana')
    await conversation('si_carl_dana').append([appendItem({ sendID: 'carl', recvID: 'dana', clientMsgID: 'first' })])
    await seen({ si_carl_dana: 1 }, 'dana')
    await storeUndelivered('si_carl_dana', { sendID: 'carl', recvID: 'dana', text: 'lost?' })
    const dana = await Device.connect('dana')
    const carl = await Device.connect('carl')
    await conversation('si_carl_dana').state('dana', { chat: 0, notification: 0 })
    await until(() => [dana, carl].every((device) => device.received().some(({ msg }) => textOf(msg) === 'lost?')))
  })

  it('is found by the next sync of a user who was offline', async () => {
    await register('eva', 'finn')
    await conversation('si_eva_finn').append([appendItem({ sendID: 'eva', recvID: 'finn', clientMsgID: 'first' })])
    await seen({ si_eva_finn: 1 }, 'finn')
    await storeUndelivered('si_eva_finn', { sendID: 'eva', recvID: 'finn', text: 'lost?' })
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName('si_eva_finn'))
    await expect.poll(() => user('finn').newestSeqs()).toEqual({ si_eva_finn: 2 })
  })
})

describe('the answer to a retry after a crash', () => {
  it('is pushed to its sender after the older messages that the crash left undelivered', async () => {
    await register('wanda', 'xaver')
    const chat = 'si_wanda_xaver'
    await conversation(chat).append([appendItem({ sendID: 'xaver', recvID: 'wanda', clientMsgID: 'first' })])
    await seen({ [chat]: 1 }, 'wanda')
    await storeUndelivered(
      chat,
      { sendID: 'xaver', recvID: 'wanda', text: 'older' },
      { sendID: 'wanda', recvID: 'xaver', text: 'retried' },
    )
    const wanda = await Device.connect('wanda')
    await wanda.sendText('xaver', 'retried', 'retried')
    await until(() => wanda.received().some(({ msg }) => textOf(msg) === 'retried'))
    const texts = wanda.received().map(({ msg }) => textOf(msg))
    expect(texts.slice(0, 2)).toEqual(['older', 'retried'])
  })
})

describe('a message that is still in flight when its busy period ends', () => {
  it('is delivered once when the object crashes in the next busy period', async () => {
    await register('rita', 'sven')
    const stub = () => bindings.CONVERSATION.getByName('si_rita_sven')
    const busyPeriods = () =>
      runInDurableObject(stub(), (_object, { storage: { sql } }) => sql.exec('SELECT * FROM spell').toArray())
    await conversation('si_rita_sven').append([appendItem({ sendID: 'rita', recvID: 'sven', clientMsgID: 'first' })])
    await seen({ si_rita_sven: 1 }, 'sven')
    let isHanging = true
    const hanging = runInDurableObject(bindings.USER.getByName('sven'), (_object, state) =>
      state.blockConcurrencyWhile(async () => {
        while (isHanging) await new Promise((resolve) => setTimeout(resolve, 10))
      }),
    ).catch(() => {})
    await conversation('si_rita_sven').append([appendItem({ sendID: 'rita', recvID: 'sven', clientMsgID: 'held' })])
    await runInDurableObject(stub(), (_object, { storage: { sql } }) => {
      sql.exec('UPDATE chat SET stored_time = stored_time - 60000')
    })
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    await abortAllDurableObjects()
    isHanging = false
    await hanging
    const sven = await Device.connect('sven')
    await conversation('si_rita_sven').maxSeq()
    await until(() => sven.received().some(({ msg }) => textOf(msg) === 'held'))
    await until(async () => {
      await runDurableObjectAlarm(stub())
      return (await busyPeriods()).length === 0
    })
    expect(sven.received().filter(({ msg }) => textOf(msg) === 'held')).toHaveLength(1)
  })
})

describe('a busy period', () => {
  it('sets one alarm for any number of messages, and no second alarm when all messages are delivered', async () => {
    await register('gina', 'hugo')
    const stub = bindings.CONVERSATION.getByName('si_gina_hugo')
    for (let i = 0; i < 5; i++) {
      await conversation('si_gina_hugo').append([
        appendItem({ sendID: 'gina', recvID: 'hugo', clientMsgID: `message ${i}` }),
      ])
    }
    const armed = await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())
    expect(armed).not.toBeNull()
    await runDurableObjectAlarm(stub)
    expect(await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())).toBeNull()
  })

  it('writes one row per message', async () => {
    await register('ida', 'jan')
    const stub = bindings.CONVERSATION.getByName('si_ida_jan')
    const append = (clientMsgID: string) =>
      conversation('si_ida_jan').append([appendItem({ sendID: 'ida', recvID: 'jan', clientMsgID })])
    await append('first')
    await append('second')
    const rows = await runInDurableObject(stub, (_object, state) =>
      state.storage.sql.exec<{ rows: number }>('SELECT count(*) AS rows FROM chat').one(),
    )
    expect(rows).toEqual({ rows: 2 })
    // One row in one table without an index. Cloudflare bills the number that the cursor reports.
    const written = await runInDurableObject(stub, (_object, state) => {
      const cursor = state.storage.sql.exec("INSERT INTO chat VALUES (99, 'x', 'ida', 0, 0, x'00')")
      cursor.toArray()
      return cursor.rowsWritten
    })
    expect(written).toBe(1)
  })
})

describe('an append', () => {
  it('answers a retry with the first answer, even after a restart of the object', async () => {
    await register('kim', 'lars')
    const item = appendItem({ sendID: 'kim', recvID: 'lars', clientMsgID: 'once' })
    const [first] = await conversation('si_kim_lars').append([item])
    await abortAllDurableObjects()
    const [again] = await conversation('si_kim_lars').append([{ ...item, serverMsgID: 'another' }])
    expect(first).toMatchObject({ ok: true, seq: 1, duplicate: false })
    expect(again).toEqual({ ...first, duplicate: true })
  })

  it('finds the first answer to a late retry far back in the log', async () => {
    await register('mia', 'nils')
    const created = Date.now() - 600_000
    const chat = conversation('si_mia_nils')
    const item = appendItem({ sendID: 'mia', recvID: 'nils', clientMsgID: 'early', createTime: created })
    const [first] = await chat.append([item])
    const many = Array.from({ length: 300 }, (_, i) =>
      appendItem({ sendID: 'nils', recvID: 'mia', clientMsgID: `later ${i}` }),
    )
    await chat.append(many)
    await abortAllDurableObjects()
    const [again] = await conversation('si_mia_nils').append([item])
    expect(again).toEqual({ ...first, duplicate: true })
  })

  it('gives one message of a batch its seq and refuses another message, without a gap', async () => {
    await register('olga', 'paul')
    const chat = conversation('si_olga_paul')
    const results = await chat.append([
      appendItem({ sendID: 'olga', recvID: 'paul', clientMsgID: 'a' }),
      appendItem({ sendID: 'stranger', recvID: 'paul', clientMsgID: 'b' }),
      appendItem({ sendID: 'paul', recvID: 'olga', clientMsgID: 'c' }),
    ])
    expect(results.map((result) => (result.ok ? result.seq : result.refusal.code))).toEqual([1, 1203, 2])
  })

  it('creates no conversation when the receiver is not registered', async () => {
    await register('quin')
    const [refused] = await conversation('si_nobody_quin').append([
      appendItem({ sendID: 'quin', recvID: 'nobody', clientMsgID: 'x' }),
    ])
    expect(refused).toMatchObject({ ok: false, refusal: { code: 1004 } })
    const rows = await runInDurableObject(bindings.CONVERSATION.getByName('si_nobody_quin'), (_object, state) =>
      state.storage.sql.exec('SELECT * FROM member').toArray(),
    )
    expect(rows).toEqual([])
    const device = await Device.connect('quin')
    await expect(device.sendText('nobody', 'hello')).rejects.toThrow('1004')
    expect(await user('quin').newestSeqs()).toEqual({})
    expect(await user('quin').conversations(null)).toEqual([])
  })
})
