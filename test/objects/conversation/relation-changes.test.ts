import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { singleConversationID } from '../../../src/protocol/conversation-id.ts'
import { appendItem, bindings, conversation, post, register, userToken } from '../../rigs/rig.ts'

/* That D1 and the pair's conversation agree on who has blocked whom, whenever the call that changes it dies. */

let next = 0
let alice: string
let bob: string

beforeEach(async () => {
  const round = next++
  alice = `alice_${round}`
  bob = `bob_${round}`
  await register(alice, bob)
})

const chat = () => singleConversationID(alice, bob)
const stub = () => bindings.CONVERSATION.getByName(chat())
const pair = () => ({ ownerUserID: alice, blackUserID: bob })
const call = async (verb: string) => post(`/friend/${verb}`, pair(), await userToken(alice))
const alarm = () => runDurableObjectAlarm(stub())

/** What bob's message to alice is answered: 0 or OpenIM's code. */
async function write(): Promise<number | undefined> {
  const item = appendItem({ clientMsgID: crypto.randomUUID(), sendID: bob, recvID: alice })
  const [result] = await conversation(chat()).append([item])
  return result?.ok ? 0 : result?.refusal.code
}

/** The row alone: as if the call had died when D1 had it. */
function blockInD1(): Promise<unknown> {
  return bindings.DB.prepare("INSERT INTO black VALUES (?, ?, 0, 0, '', '')").bind(alice, bob).run()
}

/** How many changes were begun and not reported, and whether an alarm waits for them. */
function left(): Promise<{ begun: number; waits: boolean }> {
  return runInDurableObject(stub(), async (_object, { storage }) => ({
    begun: storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM relation_change').one().n,
    waits: (await storage.getAlarm()) !== null,
  }))
}

const exec = (sql: string) =>
  runInDurableObject(stub(), (_object, { storage }) => {
    storage.sql.exec(sql)
  })

describe('a user who is blocked by a call that dies', () => {
  it('after D1 has it is blocked in the chat at its next alarm', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('after D1 has it is blocked in the chat at its next wake', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    await abortAllDurableObjects()
    expect(await write()).toBe(1302)
  })

  it('while the chat begins is blocked in it all the same', async () => {
    await conversation(chat()).relationsChanging()
    expect(await write()).toBe(0)
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('long after it was announced is blocked all the same', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(0)
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('is blocked once D1 can be asked again', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    await bindings.DB.exec('ALTER TABLE black RENAME TO black_away')
    expect(await alarm()).toBe(true)
    await bindings.DB.exec('ALTER TABLE black_away RENAME TO black')
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('before D1 has it is not, and in the end nobody looks for it any more', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await alarm()
    expect(await left()).toEqual({ begun: 1, waits: true })
    await exec('UPDATE relation_change SET begun_time = begun_time - 600000')
    await alarm()
    expect(await left()).toEqual({ begun: 0, waits: false })
    expect(await write()).toBe(0)
  })
})

describe('blocking', () => {
  it('leaves nothing to look for once it is through', async () => {
    expect(await write()).toBe(0)
    expect(await call('add_black')).toMatchObject({ errCode: 0 })
    expect((await left()).begun).toBe(0)
    expect(await write()).toBe(1302)
    expect(await call('remove_black')).toMatchObject({ errCode: 0 })
    expect((await left()).begun).toBe(0)
    expect(await write()).toBe(0)
  })

  it('that fails in D1 blocks nobody', async () => {
    expect(await write()).toBe(0)
    await bindings.DB.exec('ALTER TABLE black RENAME TO black_away')
    expect((await call('add_black')).errCode).toBe(500)
    await bindings.DB.exec('ALTER TABLE black_away RENAME TO black')
    await alarm()
    expect(await write()).toBe(0)
  })

  it('that fails in the chat, after D1 has it, is made good at the next alarm', async () => {
    expect(await write()).toBe(0)
    await exec("CREATE TRIGGER broken BEFORE UPDATE ON member BEGIN SELECT RAISE(ABORT, 'the lights went out'); END")
    expect((await call('add_black')).errCode).toBe(500)
    await exec('DROP TRIGGER broken')
    await abortAllDurableObjects()
    await alarm()
    expect(await write()).toBe(1302)
    expect(await left()).toMatchObject({ begun: 1 })
  })
})
