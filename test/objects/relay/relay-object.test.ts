import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { mirrorArrivals, mirrorDepartures } from '../../../src/objects/conversation/group/group-mirror.ts'
import { relayObject } from '../../../src/runtime/rpc/stubs.ts'
import { founding, groupChange, memberRecord } from '../../rigs/group-rig.ts'
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

/** A group that relays deliver, with a few real users among many who were never online. */
async function largeGroup(extra: string[] = []): Promise<string> {
  const groupID = `large${next++}`
  const crowd = Array.from({ length: MAX_DIRECT_MEMBERS }, (_, i) => `${groupID}-crowd${i}`)
  await conversation(`sg_${groupID}`).changeGroup(founding(groupID, ['olga', ...LISTENERS, ...extra, ...crowd]))
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

/** The texts a device was given in that group, in the order they came. */
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

/** Has a user's object answer nothing for a while. */
function hang(userID: string): { hanging: Promise<unknown>; release(): void } {
  let hangs = true
  const hanging = runInDurableObject(bindings.USER.getByName(userID), (_object, state) =>
    state.blockConcurrencyWhile(async () => {
      while (hangs) await new Promise((resolve) => setTimeout(resolve, 10))
    }),
  )
  const release = () => {
    hangs = false
  }
  return { hanging, release }
}

function owedIn(groupID: string): Promise<unknown[]> {
  return runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), (_object, { storage: { sql } }) =>
    sql.exec('SELECT user_id FROM undelivered').toArray(),
  )
}

/** A large group of which nobody is here, as its relay knows, and whose newest message is the second. */
async function desertedGroup(): Promise<string> {
  await until(async () => (await Promise.all(LISTENERS.map((id) => user(id).onlinePlatforms()))).flat().length === 0)
  const groupID = await largeGroup()
  await send(groupID, 'nobody is here')
  await until(async () => (await listenersIn(groupID)).length === 1)
  return groupID
}

describe('a large group', () => {
  it('is delivered by a relay to those who listen, and the others cost nothing from then on', async () => {
    const groupID = await largeGroup()
    const [ida, jan] = await Promise.all([Device.connect('ida'), Device.connect('jan')])
    await send(groupID, 'first')
    await until(() => textsOf(ida, groupID).length === 1 && textsOf(jan, groupID).length === 1)
    // Olga writes: nobody has to ask whether she listens.
    await until(async () => (await listenersIn(groupID)).length === 3)
    expect(await listenersIn(groupID)).toEqual(['ida', 'jan', 'olga'])
    await send(groupID, 'second')
    await until(() => textsOf(ida, groupID).length === 2 && textsOf(jan, groupID).length === 2)
    expect(textsOf(jan, groupID)).toEqual(['first', 'second'])
    ida.close()
    jan.close()
  })

  it('tells who comes back what the newest message is, and delivers to them again', async () => {
    const groupID = await largeGroup()
    await send(groupID, 'nobody is here')
    await until(async () => (await listenersIn(groupID)).length === 1)
    const kim = await Device.connect('kim')
    expect(await user('kim').newestSeqs()).toMatchObject({ [`sg_${groupID}`]: 2 })
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, 'are you here')
    await until(() => textsOf(kim, groupID).length === 1)
    kim.close()
  })

  it('is told again that somebody came back when telling it failed', async () => {
    const groupID = await desertedGroup()
    const relay = bindings.RELAY.getByName(`sg_${groupID}/0`)
    // Telling the relay fails for now.
    await runInDurableObject(relay, (_object, { storage: { sql } }) => {
      sql.exec("CREATE TRIGGER deaf BEFORE INSERT ON listener BEGIN SELECT RAISE(ABORT, 'busy'); END")
    })
    const kim = await Device.connect('kim')
    expect(await user('kim').newestSeqs()).toMatchObject({ [`sg_${groupID}`]: 2 })
    expect(await listenersIn(groupID)).toEqual(['olga'])
    await runInDurableObject(relay, (_object, { storage: { sql } }) => {
      sql.exec('DROP TRIGGER deaf')
    })
    // It is told again.
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    await send(groupID, 'are you here')
    await until(() => textsOf(kim, groupID).length === 1)
    kim.close()
  })

  it('knows of who comes back before any sync of theirs is answered, so that no message falls in between', async () => {
    const groupID = await desertedGroup()
    const busy = runInDurableObject(bindings.RELAY.getByName(`sg_${groupID}/0`), (_object, state) =>
      state.blockConcurrencyWhile(() => new Promise((resolve) => setTimeout(() => resolve('told'), 200))),
    )
    const kim = await Device.connect('kim')
    const answered = user('kim')
      .newestSeqs()
      .then(() => 'answered')
    expect(await Promise.race([busy, answered])).toBe('told')
    await answered
    expect(await listenersIn(groupID)).toContain('kim')
    kim.close()
  })

  it('takes up who came before the news of being in it, though a message found them gone', async () => {
    const groupID = await desertedGroup()
    // As it is when the news that a relay delivers now has not come here yet.
    await runInDurableObject(bindings.USER.getByName('kim'), (_object, { storage: { sql } }) => {
      sql.exec("UPDATE log_mark SET relay = '' WHERE home = ?", `sg_${groupID}`)
    })
    const kim = await Device.connect('kim')
    await user('kim').newestSeqs()
    expect(await listenersIn(groupID)).toEqual(['olga'])
    const conversationID = `sg_${groupID}`
    const about = { sessionType: 3, peerUserID: '', groupID }
    const bounds = { minSeq: 0, left: false, maxSeq: 0, relay: `${conversationID}/0` }
    await user('kim').deliver({ conversationID, home: conversationID, about, messages: [], bounds })
    await until(async () => (await listenersIn(groupID)).includes('kim'))
    kim.close()
  })

  it('that D1 knew before its first message is delivered by relays from the start', async () => {
    const groupID = `imported${next++}`
    const members = ['olga', 'kim', ...Array.from({ length: MAX_DIRECT_MEMBERS }, (_, i) => `${groupID}-crowd${i}`)]
    await seedGroupOf(Object.fromEntries(members.map((userID) => [userID, {}])), { groupID })
    const kim = await Device.connect('kim')
    await send(groupID, 'first')
    await until(() => textsOf(kim, groupID).length === 1)
    await until(async () => (await listenersIn(groupID)).length === 2)
    await send(groupID, 'second')
    await until(() => textsOf(kim, groupID).length === 2)
    kim.close()
  })

  it('does not keep a message back that follows on what passed an absent device by', async () => {
    const groupID = await largeGroup()
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

  it('is not held up by a member whose object hangs, who gets all of it in order, once', async () => {
    const groupID = await largeGroup()
    const [ida, jan] = await Promise.all([Device.connect('ida'), Device.connect('jan')])
    await send(groupID, '1')
    await until(() => textsOf(ida, groupID).length === 1 && textsOf(jan, groupID).length === 1)
    const { hanging, release } = hang('jan')
    for (const text of ['2', '3', '4']) {
      await send(groupID, text)
      await until(() => textsOf(ida, groupID).at(-1) === text, 15_000)
    }
    expect(textsOf(jan, groupID)).toEqual(['1'])
    // The conversation tries from its log while the relay's own call still hangs.
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName(`sg_${groupID}`))
    release()
    await hanging
    await until(() => textsOf(jan, groupID).length >= 4)
    await send(groupID, '5')
    await until(() => textsOf(jan, groupID).includes('5'))
    await until(async () => {
      await runDurableObjectAlarm(bindings.CONVERSATION.getByName(`sg_${groupID}`))
      return (await owedIn(groupID)).length === 0
    })
    expect(textsOf(jan, groupID)).toEqual(['1', '2', '3', '4', '5'])
    expect(textsOf(ida, groupID)).toEqual(['1', '2', '3', '4', '5'])
    ida.close()
    jan.close()
  })

  it('takes newcomers up after the notice of their coming, each message once', async () => {
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

  it('lets go of who leaves: the notice is the last they get, and the last they can read', async () => {
    const groupID = await largeGroup()
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
    const slice = await conversation(`sg_${groupID}`).readRange(
      'chat',
      { userID: 'ida', minSeq: 0, maxSeq: 0 },
      1,
      9,
      9,
    )
    expect(slice.upper).toBe(3)
    await until(async () => (await user('ida').logView(`sg_${groupID}`))?.maxSeq === 3)
    ida.close()
  })

  it('hands nothing to the last who left a relay, when somebody else comes to it', async () => {
    const groupID = await largeGroup()
    // As if the first relay were full of others: ida is alone in the second.
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

  it('fills the first relay before it opens another, and fills up the places of those who left', async () => {
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

  it('delivers what a crash left undelivered, to the relays and to who was just coming or going', async () => {
    const groupID = await largeGroup()
    await send(groupID, 'settled')
    const jan = await Device.connect('jan')
    await until(async () => (await listenersIn(groupID)).includes('jan'))
    // As a crash leaves it: the message and its alarm are stored, and the relay has lost its memory of everyone.
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

  it('does not lose a listener who comes back in the moment in which a message finds them gone', async () => {
    const relay = relayObject(bindings, 'sg_race/0')
    const news = {
      conversationID: 'sg_race',
      home: 'sg_race',
      about: { sessionType: 3, peerUserID: '', groupID: 'race' },
    }
    await relay.forward({ ...news, roster: ['kim'], join: [], leave: [], messages: [] })
    const message = { seq: 1, sendTime: 1, sendID: 'olga', operationID: '', msg: new Uint8Array(), exceptUserID: '' }
    // Kim's object answers that nobody listens; before the relay hears it, Kim comes.
    await Promise.all([
      relay.forward({ ...news, join: [], leave: [], messages: [message] }),
      relay.memberConnected('kim'),
    ])
    expect(await listenersIn('race')).toEqual(['kim'])
  })
})
