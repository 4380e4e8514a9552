import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { mirrorArrivals, mirrorDepartures } from '../../../src/objects/conversation/group/group-mirror.ts'
import { relayObject } from '../../../src/runtime/rpc/stubs.ts'
import { groupChange, groupCreation, memberRecord } from '../../rigs/group-rig.ts'
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
import { seedGroupOf } from '../../rigs/seed-group.ts'

/** OPENIM_MAX_DIRECT_MEMBERS of the tests. */
const MAX_DIRECT_MEMBERS = 20

const LISTENERS = ['ida', 'jan', 'kim']

beforeAll(async () => {
  await register('olga', ...LISTENERS, 'late')
})

let next = 0

/** A group with relays: a few registered users, and many members who were never online. */
async function largeGroup(extra: string[] = []): Promise<string> {
  const groupID = `large${next++}`
  const crowd = Array.from({ length: MAX_DIRECT_MEMBERS }, (_, i) => `${groupID}-crowd${i}`)
  await conversation(`sg_${groupID}`).changeGroup(groupCreation(groupID, ['olga', ...LISTENERS, ...extra, ...crowd]))
  return groupID
}

function send(groupID: string, text: string, sendID = 'olga') {
  return conversation(`sg_${groupID}`).append([
    appendItem({
      clientMsgID: `${groupID} ${text}`,
      sendID,
      recvID: groupID,
      groupID,
      sessionType: 3,
      msg: textMessage(sendID, groupID, `${groupID} ${text}`, text, { groupID, sessionType: 3 }),
    }),
  ])
}

/** The texts that a device got in that group, in the order of arrival. */
function textsOf(device: Device, groupID: string): string[] {
  return device
    .received()
    .filter(({ conversationID, msg }) => conversationID === `sg_${groupID}` && msg.contentType === 101)
    .map(({ msg }) => textOf(msg))
}

function listenersIn(groupID: string, shard = 0): Promise<string[]> {
  return runInDurableObject(bindings.RELAY.getByName(`sg_${groupID}/${shard}`), (_object, { storage: { sql } }) =>
    sql
      .exec<{ user_id: string }>('SELECT user_id FROM listener ORDER BY user_id')
      .toArray()
      .map((row) => row.user_id),
  )
}

/** Waits until the relay serves all members of the group. */
async function rosterIsComplete(groupID: string): Promise<void> {
  const members = 1 + LISTENERS.length + MAX_DIRECT_MEMBERS
  const count = () =>
    runInDurableObject(bindings.RELAY.getByName(`sg_${groupID}/0`), (_object, { storage: { sql } }) => {
      return sql.exec<{ n: number }>('SELECT count(*) AS n FROM member').one().n
    })
  await until(async () => (await count()) >= members)
}

/** Lets a user's object answer no call until `release`. */
function hang(userID: string): { hanging: Promise<unknown>; release(): void } {
  let isHanging = true
  const hanging = runInDurableObject(bindings.USER.getByName(userID), (_object, state) =>
    state.blockConcurrencyWhile(async () => {
      while (isHanging) await new Promise((resolve) => setTimeout(resolve, 10))
    }),
  )
  const release = () => {
    isHanging = false
  }
  return { hanging, release }
}

function undeliveredIn(groupID: string): Promise<unknown[]> {
  return runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), (_object, { storage: { sql } }) =>
    sql.exec('SELECT user_id FROM undelivered').toArray(),
  )
}

/** A large group whose relay has no listener. Its newest seq is 2. */
async function groupWithoutListeners(): Promise<string> {
  await until(async () => (await Promise.all(LISTENERS.map((id) => user(id).onlinePlatforms()))).flat().length === 0)
  const groupID = await largeGroup()
  await send(groupID, 'no member is online')
  await rosterIsComplete(groupID)
  expect(await listenersIn(groupID)).toEqual([])
  return groupID
}

describe('a large group', () => {
  it('delivers messages through a relay to its online members, without calls for offline members', async () => {
    const groupID = await largeGroup()
    const [ida, jan] = await Promise.all([Device.connect('ida'), Device.connect('jan')])
    await send(groupID, 'first')
    await until(() => textsOf(ida, groupID).length === 1 && textsOf(jan, groupID).length === 1)
    await until(async () => (await listenersIn(groupID)).length === 2)
    expect(await listenersIn(groupID)).toEqual(['ida', 'jan'])
    await send(groupID, 'second')
    await until(() => textsOf(ida, groupID).length === 2 && textsOf(jan, groupID).length === 2)
    expect(textsOf(jan, groupID)).toEqual(['first', 'second'])
    ida.close()
    jan.close()
  })

  it('reports the newest seq to a member who reconnects, and delivers to the member again', async () => {
    const groupID = await groupWithoutListeners()
    const kim = await Device.connect('kim')
    expect(await user('kim').newestSeqs()).toMatchObject({ [`sg_${groupID}`]: 2 })
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, 'are you here')
    await until(() => textsOf(kim, groupID).length === 1)
    kim.close()
  })

  it('learns of a reconnected member when the first notification of the relay failed', async () => {
    const groupID = await groupWithoutListeners()
    const relay = bindings.RELAY.getByName(`sg_${groupID}/0`)
    // The relay cannot note a listener for now.
    await runInDurableObject(relay, (_object, { storage: { sql } }) => {
      sql.exec("CREATE TRIGGER broken BEFORE INSERT ON listener BEGIN SELECT RAISE(ABORT, 'busy'); END")
    })
    const kim = await Device.connect('kim')
    expect(await user('kim').newestSeqs()).toMatchObject({ [`sg_${groupID}`]: 2 })
    expect(await listenersIn(groupID)).toEqual([])
    await runInDurableObject(relay, (_object, { storage: { sql } }) => {
      sql.exec('DROP TRIGGER broken')
    })
    // The UserObject repeats the notification.
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, 'are you here')
    await until(() => textsOf(kim, groupID).length === 1)
    kim.close()
  })

  it('knows a reconnected member before the sync is answered, so that no message is missed', async () => {
    const groupID = await groupWithoutListeners()
    const busy = runInDurableObject(bindings.RELAY.getByName(`sg_${groupID}/0`), (_object, state) =>
      state.blockConcurrencyWhile(() => new Promise((resolve) => setTimeout(() => resolve('notified'), 200))),
    )
    const kim = await Device.connect('kim')
    const answered = user('kim')
      .newestSeqs()
      .then(() => 'answered')
    expect(await Promise.race([busy, answered])).toBe('notified')
    await answered
    expect(await listenersIn(groupID)).toContain('kim')
    kim.close()
  })

  it('adds a listener who connected before the member knew the name of the relay', async () => {
    const groupID = await groupWithoutListeners()
    // The state before the user's object learns that a relay delivers now.
    await runInDurableObject(bindings.USER.getByName('kim'), (_object, { storage: { sql } }) => {
      sql.exec("UPDATE log_mark SET relay = '' WHERE home = ?", `sg_${groupID}`)
    })
    const kim = await Device.connect('kim')
    await user('kim').newestSeqs()
    expect(await listenersIn(groupID)).toEqual([])
    const conversationID = `sg_${groupID}`
    const about = { sessionType: 3, peerUserID: '', groupID }
    const bounds = { minSeq: 0, left: false, maxSeq: 0, relay: `${conversationID}/0` }
    await user('kim').deliver({ conversationID, home: conversationID, about, messages: [], bounds })
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    kim.close()
  })

  it('delivers its first message through relays when the group was imported into D1', async () => {
    const groupID = `imported${next++}`
    const members = ['olga', 'kim', ...Array.from({ length: MAX_DIRECT_MEMBERS }, (_, i) => `${groupID}-crowd${i}`)]
    await seedGroupOf(Object.fromEntries(members.map((userID) => [userID, {}])), { groupID })
    const kim = await Device.connect('kim')
    await send(groupID, 'first')
    await until(() => textsOf(kim, groupID).length === 1)
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, 'second')
    await until(() => textsOf(kim, groupID).length === 2)
    kim.close()
  })

  it('delivers the next message to a reconnected device without waiting for skipped ones', async () => {
    const groupID = await largeGroup()
    await rosterIsComplete(groupID)
    const before = await Device.connect('kim')
    await send(groupID, '1')
    await until(() => textsOf(before, groupID).length === 1)
    before.close()
    await until(async () => (await user('kim').onlinePlatforms()).length === 0)
    for (const text of ['2', '3', '4']) await send(groupID, text)
    const after = await Device.connect('kim')
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, '5')
    await until(() => textsOf(after, groupID).length === 1)
    expect(textsOf(after, groupID)).toEqual(['5'])
    after.close()
  })

  it('is not delayed by a member whose object hangs; the member gets each message once, in order', async () => {
    const groupID = await largeGroup()
    await rosterIsComplete(groupID)
    const [ida, jan] = await Promise.all([Device.connect('ida'), Device.connect('jan')])
    await send(groupID, '1')
    await until(() => textsOf(ida, groupID).length === 1 && textsOf(jan, groupID).length === 1)
    const { hanging, release } = hang('jan')
    for (const text of ['2', '3', '4']) {
      await send(groupID, text)
      await until(() => textsOf(ida, groupID).at(-1) === text, 15_000)
    }
    expect(textsOf(jan, groupID)).toEqual(['1'])
    // The conversation redelivers from its log while the relay's own call still hangs.
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName(`sg_${groupID}`))
    release()
    await hanging
    await until(() => textsOf(jan, groupID).length >= 4)
    await send(groupID, '5')
    await until(() => textsOf(jan, groupID).includes('5'))
    await until(async () => {
      await runDurableObjectAlarm(bindings.CONVERSATION.getByName(`sg_${groupID}`))
      return (await undeliveredIn(groupID)).length === 0
    })
    expect(textsOf(jan, groupID)).toEqual(['1', '2', '3', '4', '5'])
    expect(textsOf(ida, groupID)).toEqual(['1', '2', '3', '4', '5'])
    ida.close()
    jan.close()
  })

  it('adds newcomers after the notice of their join, and delivers each message to them once', async () => {
    const groupID = await largeGroup()
    const late = await Device.connect('late')
    await conversation(`sg_${groupID}`).changeGroup(
      groupChange(groupID, {
        join: [memberRecord(groupID, 'late')],
        notices: [{ contentType: 1510, sendID: 'late', detail: { group: { groupID } } }],
      }),
    )
    await send(groupID, 'welcome')
    await until(() => textsOf(late, groupID).length === 1)
    const seqs = late
      .received()
      .filter(({ conversationID }) => conversationID === `sg_${groupID}`)
      .map(({ msg }) => Number(msg.seq))
    expect(seqs).toEqual([2, 3])
    late.close()
  })

  it('removes members who leave: the notice is the last message that they get and may read', async () => {
    const groupID = await largeGroup()
    await rosterIsComplete(groupID)
    const ida = await Device.connect('ida')
    await send(groupID, 'with ida')
    await until(() => textsOf(ida, groupID).length === 1)
    await conversation(`sg_${groupID}`).changeGroup(
      groupChange(groupID, {
        leave: ['ida'],
        notices: [{ contentType: 1508, sendID: 'olga', detail: { group: { groupID } } }],
      }),
    )
    await send(groupID, 'without ida')
    await until(() => ida.received().some(({ msg }) => msg.contentType === 1508))
    await until(async () => (await conversation(`sg_${groupID}`).maxSeq()) === 4)
    expect(textsOf(ida, groupID)).toEqual(['with ida'])
    const slice = await conversation(`sg_${groupID}`).readRanges(
      'chat',
      { userID: 'ida', minSeq: 0, maxSeq: 0 },
      [{ begin: 1, end: 9, limit: 9 }],
      { messages: 9, bytes: 10_000 },
    )
    expect(slice.upper).toBe(3)
    await until(async () => (await user('ida').logView(`sg_${groupID}`))?.maxSeq === 3)
    ida.close()
  })

  it('does not deliver to a former member after another member joins the emptied relay', async () => {
    const groupID = await largeGroup()
    // The state of a full first relay: ida is the only member of the second.
    await runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), (_object, { storage: { sql } }) => {
      sql.exec("UPDATE member SET shard = 1 WHERE user_id = 'ida'")
      sql.exec('UPDATE shard SET members = 1000')
      sql.exec('INSERT INTO shard (shard, members) VALUES (1, 1)')
    })
    await abortAllDurableObjects()
    const ida = await Device.connect('ida')
    const late = await Device.connect('late')
    await relayObject(bindings, `sg_${groupID}/1`).forward({
      ...{ conversationID: `sg_${groupID}`, home: `sg_${groupID}`, about: { sessionType: 3, peerUserID: '', groupID } },
      ...{ roster: ['ida'], join: [], leave: [], messages: [] },
    })
    await send(groupID, 'with ida')
    await until(() => textsOf(ida, groupID).length === 1)
    await conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, { leave: ['ida'] }))
    await conversation(`sg_${groupID}`).changeGroup(groupChange(groupID, { join: [memberRecord(groupID, 'late')] }))
    await until(async () => (await listenersIn(groupID, 1)).includes('late'))
    await send(groupID, 'without ida')
    await until(() => textsOf(late, groupID).length === 1)
    expect(await listenersIn(groupID, 1)).toEqual(['late'])
    expect(textsOf(ida, groupID)).toEqual(['with ida'])
    ida.close()
    late.close()
  })

  it('fills the first relay before it opens a second relay, and reuses the places of former members', async () => {
    const shards = await runInDurableObject(bindings.CONVERSATION.getByName('sg_places'), (_object, { storage }) => {
      const join = (name: string, count: number) => {
        const members = Array.from({ length: count }, (_, i) => memberRecord('places', `${name}${i}`))
        mirrorArrivals(storage.sql, groupChange('places', { join: members }), 0, true)
      }
      join('a', 1_200)
      mirrorDepartures(storage.sql, groupChange('places', { leave: ['a0', 'a1', 'a1100'] }), 7)
      join('b', 3)
      return storage.sql
        .exec<{ shard: number; n: number; members: number }>(
          'SELECT shard, count(*) AS n, shard.members FROM member JOIN shard USING (shard) GROUP BY shard',
        )
        .toArray()
    })
    expect(shards).toEqual([
      { shard: 0, n: 1_000, members: 1_000 },
      { shard: 1, n: 200, members: 200 },
    ])
  })

  it('redelivers undelivered messages through relays after a crash', async () => {
    const groupID = await largeGroup()
    await send(groupID, 'settled')
    const jan = await Device.connect('jan')
    await until(async () => (await listenersIn(groupID)).includes('jan'))
    // The state after a crash: the message and its alarm are stored, and the relay has lost its members.
    await runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), async (_object, state) => {
      const now = Date.now()
      const msg = textMessage('olga', groupID, 'lost', 'lost?', { groupID, sessionType: 3, seq: 3 })
      state.storage.sql.exec('INSERT INTO chat VALUES (3, ?, ?, ?, ?, ?)', 'lost', 'olga', now, now, msg)
      await state.storage.setAlarm(now + 8_000)
    })
    await runInDurableObject(bindings.RELAY.getByName(`sg_${groupID}/0`), (_object, { storage: { sql } }) => {
      sql.exec('DELETE FROM member')
    })
    await abortAllDurableObjects()
    const again = await Device.connect('jan')
    expect(await runDurableObjectAlarm(bindings.CONVERSATION.getByName(`sg_${groupID}`))).toBe(true)
    await until(() => textsOf(again, groupID).includes('lost?'))
    again.close()
    jan.close()
  })

  it('keeps a listener who reconnects while a delivery finds the member offline', async () => {
    const relay = relayObject(bindings, 'sg_race/0')
    const news = {
      conversationID: 'sg_race',
      home: 'sg_race',
      about: { sessionType: 3, peerUserID: '', groupID: 'race' },
    }
    await relay.forward({ ...news, roster: ['kim'], join: [], leave: [], messages: [] })
    const message = { seq: 1, sendTime: 1, sendID: 'olga', operationID: '', msg: new Uint8Array(), exceptUserID: '' }
    // Kim's object answers that no device is online. Before the answer reaches the relay, Kim connects.
    await Promise.all([
      relay.forward({ ...news, join: [], leave: [], messages: [message] }),
      relay.memberConnected('kim'),
    ])
    expect(await listenersIn('race')).toEqual(['kim'])
  })
})
