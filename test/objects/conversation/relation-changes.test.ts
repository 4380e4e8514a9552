import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { singleConversationID } from '../../../src/protocol/conversation-id.ts'
import { appendItem, bindings, conversation, post, register, userToken } from '../../rigs/rig.ts'

/* D1 and the pair's conversation agree on blocks, at whatever moment the call that changes them crashes. */

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

/** Sends a message from bob to alice. Answers 0 or OpenIM's error code. */
async function write(): Promise<number | undefined> {
  const item = appendItem({ clientMsgID: crypto.randomUUID(), sendID: bob, recvID: alice })
  const [result] = await conversation(chat()).append([item])
  return result?.ok ? 0 : result?.refusal.code
}

/** Writes the row alone, as a call that crashes right after its write to D1. */
function blockInD1(): Promise<unknown> {
  return bindings.DB.prepare("INSERT INTO black VALUES (?, ?, 0, 0, '', '')").bind(alice, bob).run()
}

/** The number of begun changes whose end is not reported, and whether an alarm is set for them. */
function pendingChanges(): Promise<{ begun: number; hasAlarm: boolean }> {
  return runInDurableObject(stub(), async (_object, { storage }) => ({
    begun: storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM relation_change').one().n,
    hasAlarm: (await storage.getAlarm()) !== null,
  }))
}

const exec = (sql: string) =>
  runInDurableObject(stub(), (_object, { storage }) => {
    storage.sql.exec(sql)
  })

describe('a block by a call that crashes', () => {
  it('applies at the next alarm when D1 has the block', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('applies at the next wake when D1 has the block', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    await abortAllDurableObjects()
    expect(await write()).toBe(1302)
  })

  it('applies when the conversation began between the call and the crash', async () => {
    await conversation(chat()).relationsChanging()
    expect(await write()).toBe(0)
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('applies when D1 gets the block after the first alarm', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(0)
    await blockInD1()
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('applies as soon as D1 is reachable again', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await blockInD1()
    await bindings.DB.exec('ALTER TABLE black RENAME TO black_renamed')
    expect(await alarm()).toBe(true)
    await bindings.DB.exec('ALTER TABLE black_renamed RENAME TO black')
    expect(await alarm()).toBe(true)
    expect(await write()).toBe(1302)
  })

  it('does not apply when D1 never gets the block, and is forgotten after a while', async () => {
    expect(await write()).toBe(0)
    await conversation(chat()).relationsChanging()
    await alarm()
    expect(await pendingChanges()).toEqual({ begun: 1, hasAlarm: true })
    await exec('UPDATE relation_change SET begun_time = begun_time - 600000')
    await alarm()
    expect(await pendingChanges()).toEqual({ begun: 0, hasAlarm: false })
    expect(await write()).toBe(0)
  })
})

describe('a block', () => {
  it('leaves no pending change when the call succeeds', async () => {
    expect(await write()).toBe(0)
    expect(await call('add_black')).toMatchObject({ errCode: 0 })
    expect((await pendingChanges()).begun).toBe(0)
    expect(await write()).toBe(1302)
    expect(await call('remove_black')).toMatchObject({ errCode: 0 })
    expect((await pendingChanges()).begun).toBe(0)
    expect(await write()).toBe(0)
  })

  it('does not apply when the write to D1 fails', async () => {
    expect(await write()).toBe(0)
    await bindings.DB.exec('ALTER TABLE black RENAME TO black_renamed')
    expect((await call('add_black')).errCode).toBe(500)
    await bindings.DB.exec('ALTER TABLE black_renamed RENAME TO black')
    await alarm()
    expect(await write()).toBe(0)
  })

  it('applies at the next alarm when the conversation fails after the write to D1', async () => {
    expect(await write()).toBe(0)
    await exec("CREATE TRIGGER broken BEFORE UPDATE ON member BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    expect((await call('add_black')).errCode).toBe(500)
    await exec('DROP TRIGGER broken')
    await abortAllDurableObjects()
    await alarm()
    expect(await write()).toBe(1302)
    expect(await pendingChanges()).toMatchObject({ begun: 1 })
  })
})
