import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterAll, describe, expect, it } from 'vitest'
import { conversationMigrations } from '../../src/objects/conversation/migrations.ts'
import { userMigrations } from '../../src/objects/user/migrations.ts'
import { SessionType } from '../../src/protocol/constants/session-type.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { PullMessageBySeqsReq, PullMessageBySeqsResp } from '../../src/protocol/proto/index.ts'
import { waitForStrayPushes } from '../rigs/group-shadow.ts'
import { bindings, type Device, post, register, textMessage, textOf, until } from '../rigs/rig.ts'
import { Shadow } from '../rigs/shadow.ts'

/*
 * A deployment wakes objects that earlier versions wrote. Here, objects get real data, then their tables become those of
 * an earlier schema with the columns that it has, and the next wake runs this version's code on them.
 */

let next = 0

/** Rebuilds the tables of an object as the first `version` steps make them, and keeps the data that they can hold. */
function returnToSchema({ sql }: DurableObjectStorage, steps: readonly string[], version: number): void {
  const rows = new Map(tablesOf(sql).map((table) => [table, sql.exec(`SELECT * FROM ${table}`).toArray()]))
  for (const table of rows.keys()) sql.exec(`DROP TABLE ${table}`)
  for (const step of steps.slice(0, version)) sql.exec(step)
  for (const table of tablesOf(sql)) {
    const columns = sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).toArray()
    const names = columns.map(({ name }) => name)
    for (const row of rows.get(table) ?? []) {
      const values = names.map((name) => row[name] ?? null)
      sql.exec(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`, ...values)
    }
  }
  sql.exec('CREATE TABLE schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)')
  sql.exec('INSERT INTO schema_version (id, version) VALUES (1, ?)', version)
}

function tablesOf(sql: SqlStorage): string[] {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
  return tables.toArray().flatMap(({ name }) => (name.startsWith('_cf_') || name.startsWith('sqlite_') ? [] : [name]))
}

/** The objects as they run now: an abort ends the stubs that were made before it. */
function objectsOf(userIDs: readonly string[], conversationIDs: readonly string[]) {
  const users = userIDs.map((id) => ({ stub: bindings.USER.getByName(id), steps: userMigrations }))
  const conversations = conversationIDs.map((id) => ({
    stub: bindings.CONVERSATION.getByName(id),
    steps: conversationMigrations,
  }))
  return [...users, ...conversations] as { stub: DurableObjectStub; steps: readonly string[] }[]
}

async function sayToGroup(device: Device, userID: string, groupID: string, text: string): Promise<void> {
  const given = { sessionType: SessionType.Group, groupID }
  const message = textMessage(userID, '', `${userID}-${text}`, text, given)
  expect(await device.request(WsRequestID.SendMsg, message)).toMatchObject({ errCode: 0 })
}

/** The texts of a conversation by seq, as the user's device pulls them. */
async function textsOf({ device, userID }: Shadow, conversationID: string): Promise<Record<number, string>> {
  const seqRanges = [{ conversationID, begin: 1, end: 100, num: 100 }]
  const request = PullMessageBySeqsReq.encode({ userID, seqRanges, order: 0 }).finish()
  const { msgs } = PullMessageBySeqsResp.decode((await device.request(WsRequestID.PullMsgByRange, request)).data)
  const texts = (msgs[conversationID]?.Msgs ?? []).filter(({ contentType }) => contentType === 101)
  return Object.fromEntries(texts.map((msg) => [msg.seq, textOf(msg)]))
}

const versions = Math.max(userMigrations.length, conversationMigrations.length)
const cases = Array.from({ length: versions - 1 }, (_, i) => i + 1)

describe('objects with the schema of an earlier version', () => {
  afterAll(abortAllDurableObjects)

  it.each(cases)('%i step(s) behind: keep their messages and read positions, and take new messages', async (behind) => {
    const round = next++
    const [a, b, groupID] = [`ann_${round}`, `ben_${round}`, `group_${round}`]
    await register(a, b)
    let [ann, ben] = [await Shadow.online(a), await Shadow.online(b)]
    const created = await post(
      '/group/create_group',
      { ownerUserID: a, memberUserIDs: [b], groupInfo: { groupID, groupName: 'The group', groupType: 2 } },
      ann.token,
    )
    expect(created.errCode).toBe(0)
    const [pair, group] = [`si_${a}_${b}`, `sg_${groupID}`]
    for (const text of ['one', 'two']) await ann.device.sendText(b, text)
    await sayToGroup(ann.device, a, groupID, 'to all')
    await post('/msg/mark_conversation_as_read', { userID: b, conversationID: pair, hasReadSeq: 1 }, ben.token)
    await until(() => ben.device.received().filter(({ msg }) => msg.contentType === 101).length === 3)
    const before = { pair: await textsOf(ben, pair), group: await textsOf(ben, group) }
    const views = await seqsOf(ben)

    await waitForStrayPushes()

    for (const { stub, steps } of objectsOf([a, b], [pair, group])) {
      await runInDurableObject(stub, (_object, { storage }) =>
        returnToSchema(storage, steps, Math.max(1, steps.length - behind)),
      )
    }
    await abortAllDurableObjects()

    ;[ann, ben] = [await Shadow.online(a), await Shadow.online(b)]
    expect({ pair: await textsOf(ben, pair), group: await textsOf(ben, group) }).toEqual(before)
    expect(await seqsOf(ben)).toEqual(views)
    await ben.device.sendText(a, 'three')
    await sayToGroup(ann.device, a, groupID, 'to all again')
    await until(() => ann.device.received().some(({ msg }) => msg.contentType === 101 && textOf(msg) === 'three'))
    await until(() => ben.device.received().some(({ conversationID }) => conversationID === group))
    expect(await textsOf(ann, pair)).toEqual({ ...before.pair, 3: 'three' })
    for (const { stub, steps } of objectsOf([a, b], [pair, group])) {
      const { version } = await runInDurableObject(stub, (_object, { storage: { sql } }) =>
        sql.exec<{ version: number }>('SELECT version FROM schema_version').one(),
      )
      expect(version).toBe(steps.length)
    }
  })
})

async function seqsOf({ userID, token }: Shadow): Promise<unknown> {
  const body = { userID, conversationIDs: [] }
  const { data } = await post('/msg/get_conversations_has_read_and_max_seq', body, token)
  return data
}
