import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { Counters } from '../../bench/counting/counters.ts'
import { instrumentBindings, instrumentObject, instrumentStorage } from '../../bench/counting/instrument.ts'
import { type JsonSchema, requestSchema } from '../../src/http/docs/json-schema.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { ConversationObject } from '../../src/objects/conversation/conversation-object.ts'
import { RelayObject } from '../../src/objects/relay/relay-object.ts'
import { UserObject } from '../../src/objects/user/user-object.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetLastMessageReq,
  GetLastMessageResp,
  GetMaxSeqReq,
  GetSeqMessageReq,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
} from '../../src/protocol/proto/index.ts'
import { stampMessage } from '../../src/protocol/push-messages.ts'
import { packBody } from '../../src/webhook/body.ts'
import {
  BOUNDS,
  type Bound,
  chatID,
  GROUP_ID,
  OBJECT_BOUNDS,
  SINGLE_VALUE_METHODS,
  userID,
} from '../contract/bounds.ts'
import type { ProcessMemory } from '../rigs/host-memory.ts'
import {
  adminToken,
  bindings,
  conversation,
  Device,
  register,
  request,
  textMessage,
  user,
  userToken,
} from '../rigs/rig.ts'
import { seedLargeGroup } from '../rigs/seed-group.ts'

/*
 * Every call with a list or a page has bounds that hold against full data: a chat of 10,000 messages of 8 KB, a user with
 * 10,000 conversations, groups and friends, a group of 10,000 members. The memory is that of the process, with everything
 * that the runtime has not freed yet, so that an object has less.
 */

const SIZE = 10_000
const TEXT = 'x'.repeat(8_000)
const FULL_CHAT = chatID(1)
const MAX_FRAME = 1_048_576
/** Cloudflare ends an object at 128 MB. The process has other objects and garbage, too. */
const MAX_MEMORY = 96_000_000
/** How long a call of another user may wait for a call with the worst input. */
const MAX_WAIT_MS = 5_000
const MAX_SAFE = Number.MAX_SAFE_INTEGER

const counters = new Counters()

beforeAll(async () => {
  await register('big', 'bystander')
  await seedLargeGroup(GROUP_ID, SIZE)
  await seedConversation(FULL_CHAT, SIZE, 'INSERT INTO kind (id, session_type, group_id) VALUES (1, 1, ?)', '')
  await seedConversation(
    `sg_${GROUP_ID}`,
    100,
    'INSERT INTO kind (id, session_type, group_id) VALUES (1, 3, ?)',
    GROUP_ID,
  )
  await seedUser()
  await seedTables()
  await Promise.all(Array.from({ length: SIZE / 50 }, (_, i) => user(userID(i + 1)).onlinePlatforms()))
  // The objects read their rows when they wake.
  await evictAllDurableObjects()
  instrumentObject(counters, { name: 'UserObject', prototype: UserObject.prototype })
  instrumentObject(counters, { name: 'ConversationObject', prototype: ConversationObject.prototype })
  instrumentBindings(counters, bindings)
  await runInDurableObject(bindings.USER.getByName('counted'), (_object, state) => instrumentStorage(counters, state))
  ownPid = await findOwnPid()
})

/** The workerd process of this test; 0 on a system that does not report the memory of processes. */
let ownPid = 0

const hostMemory = (method: 'GET' | 'POST'): Promise<ProcessMemory[]> =>
  (bindings as unknown as { HOST_MEMORY: Fetcher }).HOST_MEMORY.fetch('http://host', { method }).then((r) => r.json())

/** Other test files may have a process at the same time. This one gets 100 MB larger here. */
async function findOwnPid(): Promise<number> {
  const before = new Map((await hostMemory('POST')).map(({ pid, now }) => [pid, now]))
  const ballast = new Uint8Array(100_000_000).fill(1)
  const grown = (await hostMemory('GET')).map(({ pid, now }) => ({ pid, by: now - (before.get(pid) ?? now) }))
  const most = grown.sort((a, b) => b.by - a.by)[0]
  if (most && most.by < ballast.length / 2) throw new Error('the workerd process of this test was not found')
  return most?.pid ?? 0
}

async function memoryOf(method: 'GET' | 'POST'): Promise<{ now: number; peak: number }> {
  return (await hostMemory(method)).find(({ pid }) => pid === ownPid) ?? { now: 0, peak: 0 }
}

const COUNT_TO = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)'

async function seedConversation(name: string, messages: number, kind: string, groupID: string): Promise<void> {
  await runInDurableObject(bindings.CONVERSATION.getByName(name), (_object, { storage }) => {
    const { sql } = storage
    sql.exec(kind, groupID)
    if (groupID === '') {
      for (const member of ['big', userID(1)]) sql.exec('INSERT INTO member (user_id) VALUES (?)', member)
    } else {
      sql.exec('INSERT INTO group_state (id, status, member_count) VALUES (1, 0, ?)', SIZE)
      sql.exec(`${COUNT_TO} INSERT INTO member (user_id) SELECT printf('u%06d', i) FROM n`, SIZE)
    }
    const text = textMessage(userID(1), 'big', 'c', TEXT)
    for (let seq = 1; seq <= messages; seq++) {
      const msg = stampMessage(text, { serverMsgID: 's', sendTime: seq, seq, status: 2 })
      for (const log of ['chat', 'notification']) {
        if (log === 'notification' && seq > 2_000) continue
        sql.exec(
          `INSERT INTO ${log} (seq, client_msg_id, send_id, send_time, stored_time, msg) VALUES (?, ?, ?, ?, ?, ?)`,
          ...[seq, `c${seq}`, userID(1), seq, seq, msg],
        )
      }
    }
  })
}

/** All chats of `big` are logs of the one full conversation, so that each of them costs its full size. */
async function seedUser(): Promise<void> {
  await runInDurableObject(bindings.USER.getByName('big'), (_object, { storage: { sql } }) => {
    sql.exec(
      `${COUNT_TO} INSERT INTO conversation (conversation_id, position, conversation_type, user_id, group_id)
        SELECT printf('si_big_u%06d', i), i, 1, printf('u%06d', i), '' FROM n`,
      SIZE,
    )
    for (const prefix of ['si', 'n']) {
      sql.exec(
        `${COUNT_TO} INSERT INTO log_mark (conversation_id, home, max_seq, max_seq_time)
          SELECT printf('${prefix}_big_u%06d', i), ?, ?, i FROM n`,
        ...[SIZE, FULL_CHAT, SIZE],
      )
    }
  })
}

const DEAD_BODY = Buffer.from(packBody('{}')).toString('hex')

/** The rows of `big` in D1: a row for each of the other users, or each of as many groups. */
async function seedTables(): Promise<void> {
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)'
  const member = "printf('u%06d', i)"
  const group = "printf('g%06d', i)"
  await bindings.DB.batch(
    [
      `INSERT INTO friend SELECT 'big', ${member}, '', 1, 1, '', '', 0 FROM n`,
      `INSERT INTO black SELECT 'big', ${member}, 1, 1, '', '' FROM n`,
      `INSERT INTO friend_request SELECT ${member}, 'big', 0, '', i, '', '', 0, '' FROM n`,
      `INSERT INTO friend_request SELECT 'big', ${member}, 0, '', i, '', '', 0, '' FROM n`,
      `INSERT INTO chat_group SELECT ${group}, 'Friends', '', '', '', 'big', 1, 1, '', 0, 'big', 2, 0, 0, 0, 0, '' FROM n`,
      `INSERT INTO group_member SELECT ${group}, 'big', '', '', 100, 1, 2, '', '', 0, '' FROM n`,
      `INSERT INTO group_request SELECT '${GROUP_ID}', ${member}, 0, '', i, '', '', 0, 3, '', '' FROM n`,
      `INSERT INTO group_request SELECT ${group}, 'big', 0, '', i, '', '', 0, 3, '', '' FROM n`,
      `INSERT INTO sdk_log SELECT printf('l%06d', i), 'big', '2', '', '', 'f', 'https://x/f', '', i FROM n`,
      `INSERT INTO client_config SELECT 'big', printf('key%d', i), 'v' FROM n`,
      `INSERT INTO webhook_delivery SELECT i, 'e', 'w', 'o', 'https://x', 1, 1, 200, '', 1, i FROM n`,
      `INSERT INTO webhook_dead_letter SELECT i, 'e' || i, 'w', 'o', 'https://x', 'k', x'${DEAD_BODY}', i, i FROM n`,
      `INSERT INTO conversation_directory VALUES ('${FULL_CHAT}'), ('sg_${GROUP_ID}')`,
    ].map((statement) =>
      statement.includes('FROM n')
        ? bindings.DB.prepare(`${numbers} ${statement}`).bind(SIZE)
        : bindings.DB.prepare(statement),
    ),
  )
}

interface Measured {
  bytes: number
  rows: number
  calls: number
  memory: number
  waitMs: number
}

/** Takes the counts of an action, while another user makes a call that the same conversation must answer meanwhile. */
async function measure(action: () => Promise<number>): Promise<Measured> {
  const token = await bystanderToken()
  const before = await memoryOf('POST')
  counters.take()
  const bystander = async () => {
    const began = Date.now()
    await post('/friend/get_friend_id', { userID: 'bystander' }, token)
    await full().maxSeq()
    return Date.now() - began
  }
  const [bytes, waitMs] = await Promise.all([action(), bystander()])
  const { calls, rowsRead, d1RowsRead, lostCursors } = counters.take()
  expect(lostCursors, 'statements whose rows are not known').toBe(0)
  return {
    bytes,
    rows: rowsRead + d1RowsRead,
    calls: Object.values(calls).reduce((sum, count) => sum + count, 0) - BYSTANDER_CALLS,
    memory: (await memoryOf('GET')).peak - before.now,
    waitMs,
  }
}

/** The check of the other user's token, and the call to the conversation. */
const BYSTANDER_CALLS = 2

let bystanderTokenOnce: Promise<string> | null = null
const bystanderToken = () => (bystanderTokenOnce ??= userToken('bystander'))

async function post(path: string, body: object, token: string): Promise<{ text: string; errCode: number }> {
  const headers = { operationID: 'bounds', 'content-type': 'application/json', token }
  const response = await request(path, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  return { text, errCode: Number(/"errCode":(\d+)/.exec(text)?.[1]) }
}

/** The lists and pages in the schema of a request, with the largest number of elements that it accepts. */
function inputsOf(schema: z.ZodType): Record<string, number | undefined> {
  const found: Record<string, number | undefined> = {}
  const walk = (given: JsonSchema, path: string): void => {
    if (given.type === 'array' || (Array.isArray(given.type) && given.type.includes('array'))) {
      found[`${path}[]`] = given.maxItems as number | undefined
      if (given.items) walk(given.items, `${path}[]`)
    }
    if (typeof given.additionalProperties === 'object') found[`${path}{}`] = undefined
    for (const [key, value] of Object.entries(given.properties ?? {})) {
      const at = path === '' ? key : `${path}.${key}`
      if (key === 'showNumber') found[at] = value.maximum as number | undefined
      else walk(value, at)
    }
    for (const alternative of given.anyOf ?? []) walk(alternative, path)
  }
  walk(requestSchema(schema), '')
  return found
}

describe('the table of bounds', () => {
  it('has every REST call with a list or a page, with the limits of its schema', () => {
    const inSchemas = Object.fromEntries(
      endpoints.map(({ path, schema }) => [path, inputsOf(schema)] as const).filter(([, found]) => hasKeys(found)),
    )
    for (const [path, found] of Object.entries(inSchemas)) {
      for (const [input, limit] of Object.entries(found)) {
        // JSON Schema has no limit for the keys of an object here; the test below sends too many of them.
        if (!input.endsWith('{}')) expect(limit, `${path} ${input} has no limit`).toBeTypeOf('number')
        expect(BOUNDS[path]?.inputs, path).toHaveProperty([input])
        if (limit !== undefined) expect(BOUNDS[path]?.inputs[input], `${path} ${input}`).toBe(limit)
      }
    }
    for (const [path, { inputs }] of Object.entries(BOUNDS)) {
      if (hasKeys(inputs)) expect(Object.keys(inSchemas[path] ?? {}), path).toEqual(Object.keys(inputs))
    }
  })

  it.each(Object.entries(BOUNDS).filter(([, { inputs }]) => hasKeys(inputs)))(
    '%s refuses more with 1001 and a sentence that names the limit',
    (path, { inputs }) => {
      const schema = endpoints.find((endpoint) => endpoint.path === path)?.schema
      for (const [input, limit] of Object.entries(inputs)) {
        const issues = ELEMENTS.flatMap(
          (element) => schema?.safeParse(withTooMany(input, limit + 1, element)).error?.issues ?? [],
        )
        const field = input.replace(/[[{.].*/, '')
        const sentences = issues.filter((issue) => issue.path[0] === field).map(({ message }) => message)
        expect(sentences.join('; ').replaceAll(/[_,]/g, ''), `${path} ${input}`).toContain(String(limit))
      }
    },
  )
})

describe('the table of object methods', () => {
  const EVENTS = new Set(['constructor', 'fetch', 'alarm', 'webSocketMessage', 'webSocketClose', 'webSocketError'])

  it('has a bound for every method that takes or answers a list', () => {
    for (const [name, { prototype }] of Object.entries({ UserObject, ConversationObject, RelayObject })) {
      const methods = Object.getOwnPropertyNames(prototype).filter((method) => !EVENTS.has(method))
      for (const method of methods.map((one) => `${name}.${one}`)) {
        const isBounded = Object.hasOwn(OBJECT_BOUNDS, method)
        expect(isBounded !== SINGLE_VALUE_METHODS.has(method), `${method} is in one of the two tables`).toBe(true)
      }
    }
  })

  it.each([
    ['40,000 ranges', () => full().readRanges('chat', WINDOW, Array(40_000).fill(EVERYTHING), LIMITS)],
    ['all seqs, twice', () => full().readSeqs('chat', WINDOW, [...ALL_SEQS, ...ALL_SEQS], LIMITS)],
  ])('reads no more than the limits of the call for %s', async (_title, read) => {
    counters.take()
    const { messages, isCut } = await read()
    expect(isCut).toBe(true)
    expect(messages.reduce((sum, { msg }) => sum + msg.length, 0)).toBeLessThanOrEqual(LIMITS.bytes)
    expect(new Set(messages.map(({ seq }) => seq)).size).toBe(messages.length)
    expect(messages.at(-1)?.seq).toBe(SIZE)
    expect(counters.take().rowsRead).toBeLessThan(500)
  })

  it('refuses to read more stored messages than one answer can have', async () => {
    await expect(full().stored(ALL_SEQS)).rejects.toMatchObject({ code: 1001 })
    expect(await full().stored(Array(1_000).fill(7))).toHaveLength(1)
  })
})

const full = () => conversation(FULL_CHAT)
const WINDOW = { userID: 'big', minSeq: 0, maxSeq: 0 }
const EVERYTHING = { begin: -1, end: MAX_SAFE, limit: MAX_SAFE }
const LIMITS = { messages: 1_000, bytes: 1_000_000 }
const ALL_SEQS = Array.from({ length: SIZE }, (_, i) => i + 1)

function hasKeys(given: object): boolean {
  return Object.keys(given).length > 0
}

/** The count is checked after the elements, so one of these has to be what the list holds. */
const ELEMENTS = [(i: number) => `v${i}`, (i: number) => i + 1, () => '0'.repeat(32)]

function withTooMany(input: string, count: number, element: (i: number) => unknown): object {
  const [field = ''] = input.split(/[[{.]/)
  if (input.endsWith('.showNumber')) return { [field]: { pageNumber: 1, showNumber: count } }
  if (input.endsWith('{}')) {
    return { [field]: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v'])) }
  }
  return { [field]: Array.from({ length: count }, (_, i) => element(i)) }
}

function expectWithin(measured: Measured, { bytes, rows, calls }: Bound['most'], part = 1): void {
  expect(measured.bytes, 'bytes of the answer').toBeLessThanOrEqual(bytes)
  expect(measured.rows, 'rows read').toBeLessThanOrEqual(part * rows)
  expect(measured.calls, 'calls to objects').toBeLessThanOrEqual(Math.ceil(part * calls))
  expect(measured.memory, 'bytes of memory').toBeLessThanOrEqual(MAX_MEMORY)
  expect(measured.waitMs, 'ms that the call of another user waits').toBeLessThanOrEqual(MAX_WAIT_MS)
}

describe('a pull over a socket', () => {
  const ranges = (count: number, conversationID: (i: number) => string) =>
    PullMessageBySeqsReq.encode(
      PullMessageBySeqsReq.fromPartial({
        userID: 'big',
        seqRanges: Array.from({ length: count }, (_, i) => ({
          ...{ conversationID: conversationID(i), begin: -1, end: MAX_SAFE, num: MAX_SAFE },
        })),
      }),
    ).finish()
  const seqs = (conversationID: string, list: number[], copies = 1) =>
    GetSeqMessageReq.encode(
      GetSeqMessageReq.fromPartial({
        userID: 'big',
        conversations: Array.from({ length: copies }, () => ({ conversationID, seqs: list })),
      }),
    ).finish()
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
  const lastOf = (count: number) =>
    GetLastMessageReq.encode({
      userID: 'big',
      conversationIDs: Array.from({ length: count }, (_, i) => chatID(i + 1)),
    }).finish()

  const requests = (many: number): [string, number, () => Uint8Array, Bound['most']][] => [
    ['1001', WsRequestID.GetNewestSeq, () => GetMaxSeqReq.encode({ userID: 'big' }).finish(), most(50_000, 0)],
    ['1002 with one range many times', WsRequestID.PullMsgByRange, () => ranges(many, () => FULL_CHAT), most(2_000, 1)],
    ['1002 with many conversations', WsRequestID.PullMsgByRange, () => ranges(many, chatID), most(20_000, 1_000)],
    [
      '1002 with a notification log',
      WsRequestID.PullMsgByRange,
      () => ranges(1, () => `n_${FULL_CHAT.slice(3)}`),
      most(2_000, 1),
    ],
    ['1005 with 10,000 seqs', WsRequestID.PullMsgBySeqList, () => seqs(FULL_CHAT, upTo(10_000)), most(2_000, 1)],
    [
      '1005 with ten seqs many times',
      WsRequestID.PullMsgBySeqList,
      () => seqs(FULL_CHAT, upTo(10), many),
      most(100, 1),
    ],
    [
      '1006',
      WsRequestID.GetConvMaxReadSeq,
      () =>
        GetConversationsHasReadAndMaxSeqReq.encode({ userID: 'big', conversationIDs: [], returnPinned: true }).finish(),
      most(80_000, 0),
    ],
    ['1007 with many conversations', WsRequestID.PullConvLastMessage, () => lastOf(many), most(20_000, 1_000)],
  ]

  // The JS SDK does not compress, so that a frame with 1,000 ranges is larger than a frame may be.
  describe.each([
    ['go', 1_000],
    ['js', 400],
  ] as const)('of the %s SDK', (kind, many) => {
    let device: Device
    beforeAll(async () => {
      device = await Device.connect('big', { kind, platformID: 2 })
    })

    it.each(requests(many))('stays within its bounds: %s', async (_title, id, data, bound) => {
      const frames = device.frames.length
      const measured = await measure(async () => {
        const { errCode, errMsg } = await device.request(id, data())
        expect(errMsg).toBe('')
        expect(errCode).toBe(0)
        return Math.max(...device.frames.slice(frames).map((frame) => frame.length))
      })
      expectWithin(measured, bound)
    })

    it('has each seq once, ascending, with isEnd false, and the rest can be asked for', async () => {
      const read: number[] = []
      for (let end = 3_000; end > 2_500; end = (read[0] ?? 0) - 1) {
        const range = { conversationID: FULL_CHAT, begin: 1, end, num: 100_000 }
        const req = PullMessageBySeqsReq.fromPartial({
          userID: 'big',
          seqRanges: [range, { ...range, begin: end - 5 }],
        })
        const { data } = await device.request(WsRequestID.PullMsgByRange, PullMessageBySeqsReq.encode(req).finish())
        const log = PullMessageBySeqsResp.decode(data).msgs[FULL_CHAT]
        expect(log?.isEnd).toBe(false)
        expect(log?.Msgs.length).toBeGreaterThan(10)
        read.unshift(...(log?.Msgs.map(({ seq }) => seq) ?? []))
      }
      const first = read[0] ?? 0
      expect(read).toEqual(Array.from({ length: 3_000 - first + 1 }, (_, i) => first + i))
    })

    it('keeps the newest message of every conversation before the older ones of any', async () => {
      const { data } = await device.request(
        WsRequestID.PullMsgByRange,
        ranges(40, (i) => chatID(i + 1)),
      )
      const logs = Object.values(PullMessageBySeqsResp.decode(data).msgs)
      expect(logs).toHaveLength(40)
      expect(logs.map(({ Msgs }) => Msgs.at(-1)?.seq)).toEqual(logs.map(() => SIZE))
    })

    it('answers last messages in the order of the request until the frame is full', async () => {
      const { data } = await device.request(WsRequestID.PullConvLastMessage, lastOf(many))
      const { msgs } = GetLastMessageResp.decode(data)
      expect(Object.keys(msgs).length).toBeGreaterThan(50)
      expect(msgs).toHaveProperty([chatID(1)])
    })
  })

  it.each([
    ['1002', WsRequestID.PullMsgByRange, () => ranges(1_001, () => FULL_CHAT), '1000'],
    ['1005', WsRequestID.PullMsgBySeqList, () => seqs(FULL_CHAT, upTo(10_001)), '10000'],
    ['1007', WsRequestID.PullConvLastMessage, () => lastOf(1_001), '1000'],
  ] as const)('refuses more than its limit with 1001: %s', async (_title, id, data, limit) => {
    const device = await Device.connect('big', { kind: 'go', platformID: 1 })
    const { errCode, errMsg } = await device.request(id, data())
    expect(errCode).toBe(1001)
    expect(errMsg).toContain(limit)
  })
})

function most(rows: number, calls: number): Bound['most'] {
  return { bytes: MAX_FRAME, rows, calls }
}

describe('a REST call', () => {
  const isDeletion = (path: string) => /delete|clear/.test(path)
  const measurable = Object.entries(BOUNDS)
    .filter(([, { worst }]) => worst)
    .sort(([a], [b]) => Number(isDeletion(a)) - Number(isDeletion(b)))

  it.each(measurable)('stays within its bounds: %s', async (path, bound) => {
    const token = bound.as === 'big' ? await userToken('big', 5) : await adminToken()
    const measured = await measure(async () => {
      const { text, errCode } = await post(path, bound.worst ?? {}, token)
      expect(errCode, text.slice(0, 300)).toBe(bound.code ?? 0)
      return Buffer.byteLength(text)
    })
    expectWithin(measured, bound.most, bound.part)
  })
})
