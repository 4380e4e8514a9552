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
import {
  BOUNDS,
  type Bound,
  chatID,
  GROUP_ID,
  OBJECT_BOUNDS,
  SINGLE_VALUE_METHODS,
  userID,
} from '../contract/bounds.ts'
import { adminToken, bindings, conversation, Device, register, request, textMessage, userToken } from '../rigs/rig.ts'
import { seedLargeGroup } from '../rigs/seed-group.ts'

/*
 * Every call with a list or a page has bounds that hold against full data: a chat of 10,000 messages of 8 KB, a user with
 * 10,000 conversations, a group of 10,000 members. workerd reports no heap; what an object holds is measured as its
 * answer and the rows that it read.
 */

const SIZE = 10_000
const TEXT = 'x'.repeat(8_000)
const FULL_CHAT = chatID(1)
const MAX_FRAME = 1_048_576
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
  await seedFriends()
  // The objects read their rows when they wake.
  await evictAllDurableObjects()
  instrumentObject(counters, { name: 'UserObject', prototype: UserObject.prototype })
  instrumentObject(counters, { name: 'ConversationObject', prototype: ConversationObject.prototype })
  instrumentBindings(counters, bindings)
  await runInDurableObject(bindings.USER.getByName('counted'), (_object, state) => instrumentStorage(counters, state))
})

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

async function seedFriends(): Promise<void> {
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)'
  await bindings.DB.batch(
    [
      `INSERT INTO friend SELECT 'big', printf('u%06d', i), '', 1, 1, '', '', 0 FROM n`,
      `INSERT INTO black SELECT 'big', printf('u%06d', i), 1, 1, '', '' FROM n`,
      `INSERT INTO friend_request SELECT printf('u%06d', i), 'big', 0, '', 1, '', '', 0, '' FROM n`,
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
}

/** Takes the counts of an action, while another user makes a call that must be answered meanwhile. */
async function measure(action: () => Promise<number>): Promise<Measured> {
  counters.take()
  const token = await bystanderToken()
  counters.take()
  const bystander = async () => {
    const began = Date.now()
    await post('/friend/get_friend_id', { userID: 'bystander' }, token)
    return Date.now() - began
  }
  const [bytes, waited] = await Promise.all([action(), bystander()])
  expect(waited, 'the call of another user waits').toBeLessThan(10_000)
  const { calls, rowsRead, d1RowsRead } = counters.take()
  return {
    bytes,
    rows: rowsRead + d1RowsRead,
    calls: Object.values(calls).reduce((sum, count) => sum + count, 0) - BYSTANDER_CALLS,
  }
}

/** The check of the token of the other user. */
const BYSTANDER_CALLS = 1

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

function expectWithin(measured: Measured, { most }: Pick<Bound, 'most'>): void {
  expect(measured.bytes, 'bytes of the answer').toBeLessThanOrEqual(most.bytes)
  expect(measured.rows, 'rows read').toBeLessThanOrEqual(most.rows)
  expect(measured.calls, 'calls to objects').toBeLessThanOrEqual(most.calls)
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

  const REQUESTS: [string, number, () => Uint8Array, Measured][] = [
    ['1001', WsRequestID.GetNewestSeq, () => GetMaxSeqReq.encode({ userID: 'big' }).finish(), most(50_000, 3)],
    [
      '1002 with one range 1,000 times',
      WsRequestID.PullMsgByRange,
      () => ranges(1_000, () => FULL_CHAT),
      most(3_000, 4),
    ],
    ['1002 with 1,000 conversations', WsRequestID.PullMsgByRange, () => ranges(1_000, chatID), most(9_000, 1_003)],
    [
      '1002 with a notification log',
      WsRequestID.PullMsgByRange,
      () => ranges(1, () => `n_${FULL_CHAT.slice(3)}`),
      most(3_000, 4),
    ],
    ['1005 with 10,000 seqs', WsRequestID.PullMsgBySeqList, () => seqs(FULL_CHAT, upTo(10_000)), most(3_000, 4)],
    [
      '1005 with ten seqs 1,000 times',
      WsRequestID.PullMsgBySeqList,
      () => seqs(FULL_CHAT, upTo(10), 1_000),
      most(3_000, 4),
    ],
    [
      '1006',
      WsRequestID.GetConvMaxReadSeq,
      () =>
        GetConversationsHasReadAndMaxSeqReq.encode({ userID: 'big', conversationIDs: [], returnPinned: true }).finish(),
      most(80_000, 3),
    ],
    ['1007 with 1,000 conversations', WsRequestID.PullConvLastMessage, () => lastOf(1_000), most(9_000, 1_003)],
  ]

  // The JS SDK's frames are not compressed, so that such requests are larger than a frame may be.
  describe.each(['go'] as const)('of the %s SDK', (kind) => {
    let device: Device
    beforeAll(async () => {
      device = await Device.connect('big', { kind, platformID: 2 })
    })

    it.each(REQUESTS)('stays within its bounds: %s', async (_title, id, data, bound) => {
      const frames = device.frames.length
      const measured = await measure(async () => {
        const { errCode, errMsg } = await device.request(id, data())
        expect(errMsg).toBe('')
        expect(errCode).toBe(0)
        return Math.max(...device.frames.slice(frames).map((frame) => frame.length))
      })
      if (process.env.BOUNDS_REPORT) console.log(kind, _title, measured)
      const isWhole = id === WsRequestID.GetNewestSeq || id === WsRequestID.GetConvMaxReadSeq
      expectWithin(measured, { most: { ...bound, bytes: isWhole ? 3 * MAX_FRAME : MAX_FRAME } })
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
      const { data } = await device.request(WsRequestID.PullConvLastMessage, lastOf(1_000))
      const { msgs } = GetLastMessageResp.decode(data)
      expect(Object.keys(msgs).length).toBeGreaterThan(50)
      expect(msgs).toHaveProperty([chatID(1)])
    })

    it.each([
      ['1002', WsRequestID.PullMsgByRange, () => ranges(1_001, () => FULL_CHAT), '1000'],
      ['1005', WsRequestID.PullMsgBySeqList, () => seqs(FULL_CHAT, upTo(10_001)), '10000'],
      ['1007', WsRequestID.PullConvLastMessage, () => lastOf(1_001), '1000'],
    ] as const)('refuses more than its limit with 1001: %s', async (_title, id, data, limit) => {
      const { errCode, errMsg } = await device.request(id, data())
      expect(errCode).toBe(1001)
      expect(errMsg).toContain(limit)
    })
  })
})

function most(rows: number, calls: number): Measured {
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
    if (process.env.BOUNDS_REPORT) console.log(path, measured)
    expectWithin(measured, bound)
  })
})
